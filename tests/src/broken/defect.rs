//! The language of defects: when a broken key goes wrong, and what it does then.

use brasskey_conformance::host::{Message, command};
use brasskey_conformance::key::Report;

use super::ear::Ear;
use super::path::Path;
pub use super::secrets::Secret;

/// What a key does wrong.
#[derive(Clone, Copy, Debug)]
pub struct Defect {
    /// The requests, and the answers, that it gets wrong.
    pub when: When,
    /// What it does.
    pub act: Act,
}

impl Defect {
    /// None. What the key says is signed anew, as a forger does.
    pub const NONE: Self = ANY.does(Act::Nothing);
}

/// Some requests, or some answers to them.
#[derive(Clone, Copy, Debug)]
pub struct When {
    /// The CTAPHID command that carries them.
    pub carrier: u8,
    /// The CTAP2 command, or the instruction of an APDU; any where there is none.
    pub code: Option<u8>,
    /// The subcommand, or P1 of an APDU.
    pub sub: Option<u8>,
    /// A member that the request has.
    pub with: Option<Path>,
    /// A member that it does not have.
    pub without: Option<Path>,
    /// What the key answers: a CTAP2 status, a status word, or [an error of CTAPHID](error).
    pub answer: Option<u16>,
}

/// What a defect does.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    /// It does not see a member of the request.
    Ignores(Path),
    /// It sees another value of that member.
    Misreads(Path),
    /// It sees this member, in CBOR.
    Sees(Path, &'static [u8]),
    /// It takes the request for this one.
    SeesInstead(&'static str, &'static [u8]),
    /// It takes the request for what comes of this.
    Takes(&'static str, fn(&mut Vec<u8>)),
    /// It answers so at once, and does nothing.
    DoesNothing(u16),
    /// It says nothing.
    IsSilent,
    /// It answers this instead, with no more.
    Answers(u16),
    /// It leaves a member out of its answer.
    LeavesOut(Path),
    /// It answers another value of that member.
    Alters(Path),
    /// It answers this member, in CBOR.
    Tells(Path, &'static [u8]),
    /// It answers what comes of this; the first bytes are the request.
    Writes(&'static str, fn(&[u8], &mut Vec<u8>)),
    /// It answers what it answered the first time.
    Repeats,
    /// It asks for no touch, where one is needed.
    TouchesItself,
    /// It takes a button that was held before for a touch.
    CountsAHeldButton,
    /// It asks for a touch, where none is needed.
    AsksForATouch,
    /// It does what it was asked, though the user declines, does not come, or cancels.
    DoesItAnyway,
    /// Its flags have these besides, and not those. It signs what it says.
    SignsFlags(u8, u8),
    /// Its counter is another. It signs what it says.
    SignsCounter(&'static str, fn(u32) -> u32),
    /// The RP ID hash is another's. It signs what it says.
    SignsForAnother,
    /// It leaves an extension's output out. It signs what it says.
    SignsWithout(&'static str),
    /// It says another output of an extension, in CBOR. It signs what it says.
    Signs(&'static str, &'static [u8]),
    /// A credential ID begins with the user's ID, where that has more bytes than this. It signs what it says.
    NamesUsers(usize),
    /// Its clock stands still from such an answer on.
    Stands,
    /// Its clock runs so many times as fast from such an answer on.
    Hurries(u64),
    /// After such an answer it does not notice that it is unplugged.
    KeepsPower,
    /// After such an answer it begins anew, as if it had been unplugged.
    BeginsAnew,
    /// It erases itself after such an answer.
    ErasesItself,
    /// Where its power goes before such an answer, it has half of what it wrote: getInfo answers another value of this
    /// member from then on.
    Tears(Path),
    /// Its answer takes longer where a secret is met with.
    Dawdles(Secret),
    /// What it hears is changed, report by report.
    Hears(&'static str, fn(&Report, &mut Ear) -> Vec<Report>),
    /// What it says is changed, report by report.
    Says(&'static str, fn(&Report, &mut Ear) -> Vec<Report>),
    /// It says that it works, where nobody has asked for anything for seconds.
    Murmurs,
    /// It has no defect: what it does is what the key does, signed anew.
    Nothing,
}

/// An error of CTAPHID, as [`When`] and [`Act`] have it.
#[must_use]
pub const fn error(code: u8) -> u16 {
    0xBF00 | code as u16
}

const ANY: When = When {
    carrier: command::CBOR,
    code: None,
    sub: None,
    with: None,
    without: None,
    answer: None,
};

/// A CTAP2 command.
#[must_use]
pub const fn ctap2(code: u8) -> When {
    When {
        code: Some(code),
        ..ANY
    }
}

/// A subcommand of a CTAP2 command.
#[must_use]
pub const fn sub(code: u8, sub: u8) -> When {
    When {
        sub: Some(sub),
        ..ctap2(code)
    }
}

/// A U2F message.
#[must_use]
pub const fn u2f(instruction: u8) -> When {
    When {
        carrier: command::MSG,
        ..ctap2(instruction)
    }
}

/// An instruction of the OATH applet.
#[must_use]
pub const fn oath(instruction: u8) -> When {
    When {
        carrier: command::OATH,
        ..ctap2(instruction)
    }
}

/// An instruction of a smart card.
#[must_use]
pub const fn apdu(instruction: u8) -> When {
    When {
        carrier: command::APDU,
        ..ctap2(instruction)
    }
}

/// A CTAPHID command.
#[must_use]
pub const fn hid(carrier: u8) -> When {
    When { carrier, ..ANY }
}

/// A defect of single reports.
#[must_use]
pub const fn reports(act: Act) -> Defect {
    When { carrier: 0, ..ANY }.does(act)
}

impl When {
    /// Only with this member.
    #[must_use]
    pub const fn with(self, path: &'static str) -> Self {
        Self {
            with: Some(Path(path)),
            ..self
        }
    }

    /// Only without this member.
    #[must_use]
    pub const fn without(self, path: &'static str) -> Self {
        Self {
            without: Some(Path(path)),
            ..self
        }
    }

    /// Only with this P1.
    #[must_use]
    pub const fn p1(self, p1: u8) -> Self {
        Self { sub: Some(p1), ..self }
    }

    /// Only where the key answers so.
    #[must_use]
    pub const fn answered(self, answer: u16) -> Self {
        Self {
            answer: Some(answer),
            ..self
        }
    }

    /// The defect that does this then.
    #[must_use]
    pub const fn does(self, act: Act) -> Defect {
        Defect { when: self, act }
    }

    /// It does not see a member of the request.
    #[must_use]
    pub const fn ignores(self, path: &'static str) -> Defect {
        self.does(Act::Ignores(Path(path)))
    }

    /// It sees another value of that member.
    #[must_use]
    pub const fn misreads(self, path: &'static str) -> Defect {
        self.does(Act::Misreads(Path(path)))
    }

    /// It sees this member, in CBOR.
    #[must_use]
    pub const fn sees(self, path: &'static str, value: &'static [u8]) -> Defect {
        self.does(Act::Sees(Path(path), value))
    }

    /// It answers this instead of what it should.
    #[must_use]
    pub const fn answers(self, answer: u16) -> Defect {
        self.does(Act::Answers(answer))
    }

    /// It answers so and does nothing.
    #[must_use]
    pub const fn does_nothing(self, answer: u16) -> Defect {
        self.does(Act::DoesNothing(answer))
    }

    /// It leaves a member out of its answer.
    #[must_use]
    pub const fn leaves_out(self, path: &'static str) -> Defect {
        self.does(Act::LeavesOut(Path(path)))
    }

    /// It answers another value of that member.
    #[must_use]
    pub const fn alters(self, path: &'static str) -> Defect {
        self.does(Act::Alters(Path(path)))
    }

    /// It answers this member, in CBOR.
    #[must_use]
    pub const fn tells(self, path: &'static str, value: &'static [u8]) -> Defect {
        self.does(Act::Tells(Path(path), value))
    }

    /// Whether a request is one of these.
    #[must_use]
    pub fn asks(&self, request: &Message) -> bool {
        let payload = &request.payload[..];
        if request.command != self.carrier {
            return false;
        }
        let is_apdu = matches!(self.carrier, command::MSG | command::OATH | command::APDU);
        let (code, sub) = match is_apdu {
            true => (payload.get(1).copied(), payload.get(2).copied()),
            false => (payload.first().copied(), self.sub.and_then(|_| sub_command(payload))),
        };
        let has = |path: Path| path.of(payload.get(1..).unwrap_or_default()).is_some();
        self.code.is_none_or(|wanted| code == Some(wanted))
            && self.sub.is_none_or(|wanted| sub == Some(wanted))
            && self.with.is_none_or(has)
            && self.without.is_none_or(|path| !has(path))
    }

    /// Whether an answer to such a request is one of these.
    #[must_use]
    pub fn is_answered(&self, answer: &Message) -> bool {
        self.answer.is_none_or(|wanted| answer_of(answer) == Some(wanted))
    }
}

/// The subcommand of a CTAP2 request.
fn sub_command(payload: &[u8]) -> Option<u8> {
    let (code, body) = payload.split_first()?;
    let member = if *code == 0x06 { Path("2") } else { Path("1") };
    member.of(body)?.as_integer()?.try_into().ok()
}

/// What an answer is, as [`When`] has it.
#[must_use]
pub fn answer_of(answer: &Message) -> Option<u16> {
    match (answer.command, &answer.payload[..]) {
        (command::ERROR, [code, ..]) => Some(error(*code)),
        (command::CBOR, [status, ..]) => Some((*status).into()),
        (command::MSG | command::OATH | command::APDU, [.., high, low]) => Some(u16::from_be_bytes([*high, *low])),
        _ => None,
    }
}

/// The message that is this answer, with no more.
pub(super) fn bare(request: &Message, answer: u16) -> Message {
    let [high, low] = answer.to_be_bytes();
    let (command, payload) = match (high, request.command) {
        (0xBF, _) => (command::ERROR, vec![low]),
        (_, command::CBOR) => (command::CBOR, vec![low]),
        (_, command @ (command::MSG | command::OATH | command::APDU)) => (command, vec![high, low]),
        (_, command) => (command, Vec::new()),
    };
    Message {
        channel: request.channel,
        command,
        payload,
    }
}
