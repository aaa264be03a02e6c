//! The applet: each command, and what its answer must be.

use zeroize::{Zeroize as _, Zeroizing};

use super::super::error::{Error, Malformed};
use super::super::watch::{Unwatched, Watch};
use super::account::{Kind, Listed, NewAccount, check_id};
use super::card::Card;
use super::code::{Calculated, Code};
use super::error::OathError;
use super::password::AccessKey;
use super::tlv::{self, Data, Values};

/// The applet's identifier: what SELECT names.
const AID: [u8; 7] = [0xA0, 0x00, 0x00, 0x05, 0x27, 0x21, 0x01];
/// The longest answer that is put together from its pieces, in bytes: that of a key with 7,000 accounts.
const LONGEST: usize = 512 * 1024;
/// The algorithm of the access code: HMAC-SHA1, with the type that all clients write beside it.
const ACCESS_ALGORITHM: u8 = 0x21;

/// The command that waits for a touch.
const CALCULATE: &str = "CALCULATE";

/// The applet of one key, which was selected.
pub struct Oath {
    card: Box<dyn Card>,
    version: Vec<u8>,
    identifier: Vec<u8>,
    /// What the access code must be proved with, where one is set and was not given.
    challenge: Option<Vec<u8>>,
    has_access_code: bool,
}

impl Oath {
    /// Selects the applet.
    ///
    /// # Errors
    /// [`OathError::NotOverHid`] and [`OathError::NoApplet`] where there is none; otherwise the errors of the card.
    pub fn select(card: Box<dyn Card>) -> Result<Self, Error> {
        let mut oath = Self {
            card,
            version: Vec::new(),
            identifier: Vec::new(),
            challenge: None,
            has_access_code: false,
        };
        oath.select_again()?;
        Ok(oath)
    }

    fn select_again(&mut self) -> Result<(), Error> {
        let answer = self
            .command("SELECT", [0xA4, 0x04, 0x00], &AID, &mut Unwatched)
            .map_err(|error| match error {
                // How cards say that they have no such applet, and that they have none at all.
                Error::Oath(OathError::StatusWord {
                    status_word: 0x6A82 | 0x6D00 | 0x6E00 | 0x6999,
                    ..
                }) => OathError::NoApplet.into(),
                error => error,
            })?;
        let mut values = Values::of("SELECT", &answer);
        let [mut version, mut identifier, mut challenge] = [const { None }; 3];
        while let Some((tag, value)) = values.next()? {
            match tag {
                tlv::VERSION => version = Some(value.to_owned()),
                tlv::NAME => identifier = Some(value.to_owned()),
                tlv::CHALLENGE => challenge = Some(value.to_owned()),
                tlv::ALGORITHM if !matches!(value, [algorithm] if algorithm & 0x0F == 1) => {
                    return Err(Error::Unsupported {
                        what: "an access code of HMAC-SHA1",
                    });
                }
                _ => {}
            }
        }
        self.version = version.ok_or_else(|| values.missing("the version"))?;
        self.identifier = identifier.ok_or_else(|| values.missing("the identifier"))?;
        self.has_access_code = challenge.is_some();
        self.challenge = challenge;
        Ok(())
    }

    /// The version that the applet gives.
    #[must_use]
    pub fn version(&self) -> String {
        let numbers: Vec<_> = self.version.iter().map(u8::to_string).collect();
        numbers.join(".")
    }

    /// What tells this key from others: a new one after each reset.
    #[must_use]
    pub fn identifier(&self) -> &[u8] {
        &self.identifier
    }

    /// Whether the key wants its access code before anything else.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.challenge.is_some()
    }

    /// Whether an access code is set, given or not.
    #[must_use]
    pub fn has_access_code(&self) -> bool {
        self.has_access_code
    }

    /// What `password` is on this key.
    #[must_use]
    pub fn derive(&self, password: &str) -> AccessKey {
        AccessKey::derive(password, &self.identifier)
    }

    /// VALIDATE: gives the access code, and has the key prove that it knows it, too.
    ///
    /// # Errors
    /// [`OathError::WrongPassword`]; [`Error::Malformed`] where the key's proof is wrong.
    pub fn validate(&mut self, key: &AccessKey) -> Result<(), Error> {
        const NAME: &str = "VALIDATE";
        let Some(challenge) = &self.challenge else {
            return Ok(());
        };
        let mut ours = [0; 8];
        getrandom::fill(&mut ours)?;
        let data = Data::new()
            .with(tlv::RESPONSE, key.prove(challenge).as_ref(), &[])
            .with(tlv::CHALLENGE, &ours, &[]);
        let answer = self
            .command(NAME, [0xA3, 0, 0], &data.0, &mut Unwatched)
            .map_err(|error| match error {
                Error::Oath(OathError::Refused(_) | OathError::Locked | OathError::NoAccount) => {
                    OathError::WrongPassword.into()
                }
                error => error,
            })?;
        let mut values = Values::of(NAME, &answer);
        match values.next()? {
            Some((tlv::RESPONSE, proof)) if key.is_proof(&ours, proof) => {}
            _ => return Err(values.wrong("the proof that it knows the password")),
        }
        self.card.unlocked();
        self.challenge = None;
        Ok(())
    }

    /// SET CODE: sets the access code, or removes it.
    ///
    /// # Errors
    /// [`OathError`]; the errors of the card.
    pub fn set_access_code(&mut self, key: Option<&AccessKey>) -> Result<(), Error> {
        const NAME: &str = "SET CODE";
        let data = match key {
            None => Data::new().with(tlv::KEY, &[], &[]),
            Some(key) => {
                let mut challenge = [0; 8];
                getrandom::fill(&mut challenge)?;
                Data::new()
                    .with(tlv::KEY, &[ACCESS_ALGORITHM], key.bytes())
                    .with(tlv::CHALLENGE, &challenge, &[])
                    .with(tlv::RESPONSE, key.prove(&challenge).as_ref(), &[])
            }
        };
        self.command(NAME, [0x03, 0, 0], &data.0, &mut Unwatched)?;
        self.has_access_code = key.is_some();
        Ok(())
    }

    /// LIST: the accounts, in the key's order.
    ///
    /// # Errors
    /// [`OathError::Locked`]; the errors of the card.
    pub fn list(&mut self) -> Result<Vec<Listed>, Error> {
        const NAME: &str = "LIST";
        let answer = self.command(NAME, [0xA1, 0, 0], &[], &mut Unwatched)?;
        let mut values = Values::of(NAME, &answer);
        let mut accounts = Vec::new();
        while let Some((tag, value)) = values.next()? {
            match tag {
                tlv::NAME_LIST => accounts.push(Listed::parse(&values, value)?),
                _ => return Err(values.wrong("an account")),
            }
        }
        Ok(accounts)
    }

    /// PUT: adds an account, in place of one of the same name.
    ///
    /// # Errors
    /// [`OathError::Full`]; [`OathError::Refused`] where the name or the secret is longer than the key takes.
    pub fn put(&mut self, account: &NewAccount) -> Result<(), Error> {
        let kind_and_algorithm = account.kind as u8 | account.algorithm as u8;
        let mut key = Zeroizing::new(Vec::with_capacity(160));
        key.extend_from_slice(&[kind_and_algorithm, account.digits]);
        key.extend_from_slice(&account.hmac_key());
        let mut data = Data::new()
            .with(tlv::NAME, account.name.id().as_bytes(), &[])
            .with(tlv::KEY, &key, &[]);
        if account.touch {
            data = data.raw(&[tlv::PROPERTY, 0x02]);
        }
        if account.kind == Kind::Hotp && account.counter != 0 {
            data = data.with(tlv::INITIAL_COUNTER, &account.counter.to_be_bytes(), &[]);
        }
        self.command("PUT", [0x01, 0, 0], &data.0, &mut Unwatched).map(drop)
    }

    /// DELETE.
    ///
    /// # Errors
    /// [`OathError::NoAccount`]; the errors of the card.
    pub fn delete(&mut self, id: &[u8]) -> Result<(), Error> {
        let data = Data::new().with(tlv::NAME, id, &[]);
        self.command("DELETE", [0x02, 0, 0], &data.0, &mut Unwatched).map(drop)
    }

    /// RENAME.
    ///
    /// # Errors
    /// [`OathError::NoAccount`]; [`OathError::Refused`] where another account has that name.
    pub fn rename(&mut self, id: &[u8], new: &[u8]) -> Result<(), Error> {
        let data = Data::new().with(tlv::NAME, id, &[]).with(tlv::NAME, new, &[]);
        match self.command("RENAME", [0x05, 0, 0], &data.0, &mut Unwatched) {
            // Keys before version 5.3.1 do not know it.
            Err(Error::Oath(OathError::StatusWord {
                status_word: 0x6D00, ..
            })) => Err(Error::Unsupported { what: "RENAME" }),
            result => result.map(drop),
        }
    }

    /// CALCULATE: the code of the time `step` (RFC 6238 §4.2); an account that counts takes its next number instead.
    ///
    /// # Errors
    /// [`OathError::NotTouched`] and [`Error::Cancelled`] where nobody touched the key; [`OathError::NoAccount`].
    pub fn calculate(&mut self, id: &[u8], kind: Kind, step: u64, watch: &mut dyn Watch) -> Result<Code, Error> {
        let challenge = step.to_be_bytes();
        let challenge = match kind {
            Kind::Hotp => &[],
            Kind::Totp => challenge.as_slice(),
        };
        let data = Data::new()
            .with(tlv::NAME, id, &[])
            .with(tlv::CHALLENGE, challenge, &[]);
        let mut answer = Zeroizing::new(self.command(CALCULATE, [0xA2, 0, 0x01], &data.0, watch)?);
        let mut values = Values::of(CALCULATE, &answer);
        let code = match values.next()? {
            Some((tlv::TRUNCATED, value)) => Code::parse(&values, value),
            _ => Err(values.missing("the code")),
        };
        answer.zeroize();
        code
    }

    /// CALCULATE ALL: every account, with its code for the time `step` unless it takes more than that.
    ///
    /// # Errors
    /// [`OathError::Locked`]; the errors of the card.
    pub fn calculate_all(&mut self, step: u64) -> Result<Vec<(Vec<u8>, Calculated)>, Error> {
        const NAME: &str = "CALCULATE ALL";
        let data = Data::new().with(tlv::CHALLENGE, &step.to_be_bytes(), &[]);
        let answer = Zeroizing::new(self.command(NAME, [0xA4, 0, 0x01], &data.0, &mut Unwatched)?);
        let mut values = Values::of(NAME, &answer);
        let mut all = Vec::new();
        while let Some((tag, id)) = values.next()? {
            if tag != tlv::NAME {
                return Err(values.wrong("the name of an account"));
            }
            check_id(&values, id)?;
            let (tag, value) = values.next()?.ok_or_else(|| values.missing("a code"))?;
            all.push((id.to_owned(), Calculated::parse(&values, tag, value)?));
        }
        Ok(all)
    }

    /// RESET: erases all accounts and the access code. Takes no access code.
    ///
    /// # Errors
    /// [`OathError::NotTouched`] where the key wants a touch for it; the errors of the card.
    pub fn reset(&mut self, watch: &mut dyn Watch) -> Result<(), Error> {
        self.command("RESET", [0x04, 0xDE, 0xAD], &[], watch)?;
        // The identifier, which salts the access code, is a new one.
        self.select_again()
    }

    /// Sends a command, and puts its answer together where it comes in pieces.
    fn command(
        &mut self,
        name: &'static str,
        [instruction, p1, p2]: [u8; 3],
        data: &[u8],
        watch: &mut dyn Watch,
    ) -> Result<Vec<u8>, Error> {
        let mut apdu = Zeroizing::new(Vec::with_capacity(5 + 255));
        apdu.extend_from_slice(&[0x00, instruction, p1, p2]);
        match u8::try_from(data.len()) {
            // Without data a byte stands for the length of the answer, with data none does: so T=0 carries it, too.
            Ok(length) => apdu.push(length),
            Err(_) => {
                return Err(Error::TooLong {
                    length: data.len(),
                    limit: u8::MAX.into(),
                });
            }
        }
        apdu.extend_from_slice(data);
        let malformed = |why| Error::Malformed { command: name, why };
        let mut whole = Vec::new();
        let mut next = self.card.transmit(&apdu, watch);
        loop {
            let mut answer = next?;
            let status_word = match answer.split_last_chunk() {
                Some((piece, status_word)) => {
                    whole.extend_from_slice(piece);
                    u16::from_be_bytes(*status_word)
                }
                None => return Err(malformed(Malformed::Truncated)),
            };
            answer.zeroize();
            match status_word {
                0x9000 => return Ok(whole),
                0x6100..=0x61FF if whole.len() > LONGEST => return Err(malformed(Malformed::Endless)),
                0x6100..=0x61FF => next = self.card.transmit(&[0x00, 0xA5, 0x00, 0x00, 0x00], watch),
                0x6982 | 0x6985 if watch.is_cancelled() => return Err(Error::Cancelled),
                // The access code was given, or there is none: what is missing is the touch.
                0x6982 if name == CALCULATE && !self.is_locked() => return Err(OathError::NotTouched.into()),
                other => return Err(OathError::of(name, other).into()),
            }
        }
    }
}
