//! What each command does (CCID 1.1 §6.1).

use zeroize::Zeroize as _;

use super::{APDU, Aborting, Command, Data, Error, Event, MAX_MESSAGE_LENGTH, PARAMETERS, Reader, Running, chain};
use super::{HEADER, TIME_EXTENSION_INTERVAL};

/// The greatest bPowerSelect (§6.1.1): automatic, 5 V, 3 V or 1.8 V.
const POWER_SELECT_MAX: u8 = 3;

/// bProtocolNum of T=1.
const T1: u8 = 1;

impl Reader {
    /// Does what the message that came in asks for.
    pub(super) fn command(&mut self, now: u64) -> Event {
        let [message_type, _, _, _, _, slot, sequence, parameter, ..] = self.header;
        let command = Command::of(message_type);
        let outcome = self.check(command, slot).and_then(|()| match command {
            Command::IccPowerOn => self.power_on(sequence, parameter),
            Command::IccPowerOff => {
                let event = self.card.power_off();
                self.succeed(command, slot, sequence);
                Ok(event)
            }
            Command::GetSlotStatus => {
                self.succeed(command, slot, sequence);
                Ok(Event::None)
            }
            Command::XfrBlock => self.transfer(sequence, now),
            Command::SetParameters if parameter != T1 => Err(Error::BadParameter),
            Command::GetParameters | Command::ResetParameters | Command::SetParameters => {
                if !self.card.is_on() {
                    return Err(Error::IccMute);
                }
                self.push(command, slot, sequence, self.icc_status(), 0, T1, Data::Parameters);
                Ok(Event::None)
            }
            Command::Abort => self.bulk_abort(sequence),
            _ => Err(Error::CmdNotSupported),
        });
        outcome.unwrap_or_else(|error| {
            if command == Command::XfrBlock {
                self.drop_chain();
            }
            self.fail(command, slot, sequence, error);
            Event::None
        })
    }

    /// What fails before the command is looked at.
    fn check(&mut self, command: Command, slot: u8) -> Result<(), Error> {
        if slot != 0 {
            return Err(Error::SlotDoesNotExist);
        }
        if let Aborting::Bulk(_) = self.aborting {
            self.aborting = Aborting::No;
        }
        if command == Command::Abort {
            return Ok(());
        }
        if let Aborting::Control(_) = self.aborting {
            return Err(Error::CmdAborted);
        }
        // A command is over when its response is sent.
        let is_sending = |message: &super::Message| matches!(message.data, Data::Response(..));
        if self.running.is_some() || self.responses.iter().any(is_sending) {
            return Err(Error::CmdSlotBusy);
        }
        let most = match command {
            Command::XfrBlock => MAX_MESSAGE_LENGTH - HEADER,
            Command::SetParameters => PARAMETERS.len(),
            // What is not supported has no right length.
            Command::IccPowerOn
            | Command::IccPowerOff
            | Command::GetSlotStatus
            | Command::GetParameters
            | Command::ResetParameters => 0,
            _ => usize::MAX,
        };
        let is_short = command == Command::SetParameters && self.length() < most;
        if self.length() > most || is_short {
            Err(Error::BadLength)
        } else {
            Ok(())
        }
    }

    /// PC_to_RDR_IccPowerOn, which resets a card that has power.
    fn power_on(&mut self, sequence: u8, power_select: u8) -> Result<Event, Error> {
        if power_select > POWER_SELECT_MAX {
            return Err(Error::BadParameter);
        }
        self.chained = 0;
        self.fetched = None;
        let event = self.card.power_off();
        self.card.power_on();
        self.push(Command::IccPowerOn, 0, sequence, 0, 0, chain::WHOLE, Data::Atr);
        Ok(event)
    }

    /// PC_to_RDR_XfrBlock.
    fn transfer(&mut self, sequence: u8, now: u64) -> Result<Event, Error> {
        if !self.card.is_on() {
            return Err(Error::IccMute);
        }
        let [.., low, high] = self.header;
        let begun = self.begun();
        let chained = core::mem::take(&mut self.chained);
        let fetched = self.fetched.take();
        let length = self.length();
        if high != 0 {
            return Err(Error::BadLevelParameter);
        }
        match low {
            chain::GO_ON if length == 0 => {
                let from = fetched.ok_or(Error::BadLevelParameter)?;
                self.send_response(sequence, from);
                return Ok(Event::None);
            }
            chain::WHOLE | chain::BEGIN => {}
            chain::MIDDLE | chain::END if chained > 0 => {}
            _ => return Err(Error::BadLevelParameter),
        }
        let length = begun + length;
        if length > APDU {
            return Err(Error::XfrOverrun);
        }
        if matches!(low, chain::BEGIN | chain::MIDDLE) {
            self.chained = length;
            self.push(
                Command::XfrBlock,
                0,
                sequence,
                self.icc_status(),
                0,
                chain::GO_ON,
                Data::None,
            );
            return Ok(Event::None);
        }
        self.running = Some(Running {
            sequence,
            due: now.saturating_add(TIME_EXTENSION_INTERVAL),
        });
        let Some(apdu) = self.apdu.get_mut(..length) else {
            return Ok(Event::None);
        };
        let event = self.card.receive(apdu, now);
        apdu.zeroize();
        Ok(event)
    }

    /// PC_to_RDR_Abort, which comes with a class request (§5.3.1).
    fn bulk_abort(&mut self, sequence: u8) -> Result<Event, Error> {
        match self.aborting {
            Aborting::Control(other) if other != sequence => Err(Error::CmdAborted),
            Aborting::Control(_) => {
                self.aborting = Aborting::No;
                self.succeed(Command::Abort, 0, sequence);
                Ok(Event::None)
            }
            _ => {
                // Answered when the other half comes.
                self.aborting = Aborting::Bulk(sequence);
                Ok(Event::None)
            }
        }
    }
}
