//! The life of MFA devices: what the pages and the operations of IAM do with them.

use serde_json::Value;
use time::OffsetDateTime;

use super::device::{CredentialId, Device, DeviceKind, NewDevice};
use super::error::IamError;
use super::totp::Totp;
use super::{Account, qr};
use crate::names::{AwsUser, DeviceName, MAX_DEVICES, device_arn};

/// The longest serial number, in bytes (IAM API Reference, `EnableMFADevice`).
const MAX_SERIAL: usize = 256;

impl Account {
    /// A user's devices, as they were enabled.
    #[must_use]
    pub fn devices(&self, user: &AwsUser) -> Vec<&Device> {
        let serials = self.user(user).map(|user| user.devices.as_slice()).unwrap_or_default();
        serials.iter().filter_map(|serial| self.devices.get(serial)).collect()
    }

    /// A device by its serial number, whosever it is.
    #[must_use]
    pub fn device(&self, serial: &str) -> Option<&Device> {
        self.devices.get(serial)
    }

    /// The hardware tokens that nobody has assigned: the practice account gives them away, seed and all.
    pub fn tokens(&self) -> impl Iterator<Item = &Device> {
        let all = self.devices.values();
        all.filter(|device| device.owner.is_none() && matches!(device.kind, DeviceKind::Hardware(_)))
    }

    /// All virtual devices by serial number, assigned or not.
    pub fn virtual_devices(&self) -> impl Iterator<Item = &Device> {
        let prefix = format!("arn:aws:iam::{:012}:mfa/", self.number);
        let from = self.devices.range(prefix.clone()..);
        from.take_while(move |(serial, _)| serial.starts_with(&prefix))
            .map(|(_, device)| device)
    }

    /// Creates a virtual device, which is nobody's until it is enabled.
    ///
    /// # Errors
    /// EntityAlreadyExists: names are unique in the account, not only in the user.
    pub fn create_virtual_device(&mut self, name: &DeviceName) -> Result<NewDevice, IamError> {
        self.create_virtual_device_at("/", name.as_str())
    }

    pub(crate) fn create_virtual_device_at(&mut self, path: &str, name: &str) -> Result<NewDevice, IamError> {
        let serial = format!("arn:aws:iam::{:012}:mfa{path}{name}", self.number);
        if serial.len() > MAX_SERIAL {
            return Err(IamError::validation(
                "The specified value for virtualMFADeviceName is invalid. Its serial number is too long.",
            ));
        }
        if self.devices.contains_key(&serial) {
            return Err(IamError::exists(
                "MFADevice entity at the same path and name already exists.",
            ));
        }
        let totp = Totp::random()?;
        let seed = totp.seed().clone();
        let uri = qr::uri(name, self.number, &seed);
        let qr_png = qr::png(&uri)?;
        let device = Device {
            serial: serial.clone(),
            name: name.to_owned(),
            kind: DeviceKind::Virtual(totp),
            owner: None,
            enabled: None,
            last_used: None,
        };
        self.devices.insert(serial.clone(), device);
        Ok(NewDevice {
            serial,
            seed,
            uri,
            qr_png,
        })
    }

    /// What an authenticator app needs of a virtual device that is not enabled yet, once more: a page that is loaded
    /// again shows the same code. IAM has no such operation.
    ///
    /// # Errors
    /// NoSuchEntity.
    pub fn pending_virtual_device(&self, serial: &str) -> Result<NewDevice, IamError> {
        let device = self
            .devices
            .get(serial)
            .filter(|device| device.owner.is_none() && device.is_virtual());
        let device = device.ok_or_else(|| no_virtual_device(serial))?;
        let totp = device.totp().ok_or_else(|| no_virtual_device(serial))?;
        let seed = totp.seed().clone();
        let uri = qr::uri(&device.name, self.number, &seed);
        let qr_png = qr::png(&uri)?;
        let serial = serial.to_owned();
        Ok(NewDevice {
            serial,
            seed,
            uri,
            qr_png,
        })
    }

    /// Gives a virtual device or a hardware token to a user, who proves to have it by two consecutive codes.
    ///
    /// # Errors
    /// NoSuchEntity, EntityAlreadyExists, LimitExceeded, InvalidAuthenticationCode.
    pub fn enable_device(
        &mut self,
        user: &AwsUser,
        serial: &str,
        code1: &str,
        code2: &str,
        now: OffsetDateTime,
    ) -> Result<(), IamError> {
        let has = self.existing(user)?.devices.len();
        let now = now.unix_timestamp();
        let device = self.devices.get_mut(serial).ok_or_else(|| no_device(serial))?;
        if device.owner.is_some() {
            return Err(IamError::exists("MFA Device is already in use."));
        }
        if has >= MAX_DEVICES {
            return Err(too_many());
        }
        let totp = device.totp_mut().ok_or_else(|| no_device(serial))?;
        if !totp.synchronize(code1, code2, now) {
            return Err(IamError::invalid_code());
        }
        device.owner = Some(user.clone());
        device.enabled = Some(now);
        self.existing_mut(user)?.devices.push(serial.to_owned());
        Ok(())
    }

    /// Gives a security key to a user. The relying party has checked the registration. Returns the serial number.
    ///
    /// # Errors
    /// EntityAlreadyExists, where the name is taken or the key is registered already; LimitExceeded.
    pub fn register_security_key(
        &mut self,
        user: &AwsUser,
        name: &DeviceName,
        credential_id: &[u8],
        credential: Value,
        now: OffsetDateTime,
    ) -> Result<String, IamError> {
        if self.existing(user)?.devices.len() >= MAX_DEVICES {
            return Err(too_many());
        }
        let serial = device_arn(self.number, user, name.as_str(), credential_id);
        let is_taken = |device: &&Device| device.is_security_key() && device.name == name.as_str();
        if self.devices(user).iter().any(is_taken) || self.devices.contains_key(&serial) {
            return Err(IamError::exists(
                "MFADevice entity at the same path and name already exists.",
            ));
        }
        let device = Device {
            serial: serial.clone(),
            name: name.as_str().to_owned(),
            kind: DeviceKind::SecurityKey {
                credential,
                credential_id: CredentialId(credential_id.to_vec()),
            },
            owner: Some(user.clone()),
            enabled: Some(now.unix_timestamp()),
            last_used: None,
        };
        self.devices.insert(serial.clone(), device);
        self.existing_mut(user)?.devices.push(serial.clone());
        Ok(serial)
    }

    /// Keeps what the relying party knows of a security key after a sign-in, such as its counter.
    ///
    /// # Errors
    /// NoSuchEntity.
    pub fn update_security_key(&mut self, serial: &str, kept: Value, now: OffsetDateTime) -> Result<(), IamError> {
        let device = self.devices.get_mut(serial).ok_or_else(|| no_device(serial))?;
        let DeviceKind::SecurityKey { credential, .. } = &mut device.kind else {
            return Err(no_device(serial));
        };
        *credential = kept;
        device.last_used = Some(now.unix_timestamp());
        Ok(())
    }

    /// Takes a code of a user's device, once.
    ///
    /// # Errors
    /// NoSuchEntity, InvalidAuthenticationCode.
    pub fn verify_code(
        &mut self,
        user: &AwsUser,
        serial: &str,
        code: &str,
        now: OffsetDateTime,
    ) -> Result<(), IamError> {
        let now = now.unix_timestamp();
        let device = self.device_of(user, serial)?;
        let totp = device.totp_mut().ok_or_else(not_the_users)?;
        if !totp.verify(code, now) {
            return Err(IamError::invalid_code());
        }
        device.last_used = Some(now);
        Ok(())
    }

    /// Learns how far a device's clock is from ours, from two consecutive codes.
    ///
    /// # Errors
    /// NoSuchEntity, InvalidAuthenticationCode.
    pub fn resync_device(
        &mut self,
        user: &AwsUser,
        serial: &str,
        code1: &str,
        code2: &str,
        now: OffsetDateTime,
    ) -> Result<(), IamError> {
        let totp = self.device_of(user, serial)?.totp_mut().ok_or_else(not_the_users)?;
        match totp.synchronize(code1, code2, now.unix_timestamp()) {
            true => Ok(()),
            false => Err(IamError::invalid_code()),
        }
    }

    /// Takes a device from its user. A virtual device stays until it is deleted, a hardware token can be assigned
    /// anew, and a security key is forgotten.
    ///
    /// # Errors
    /// NoSuchEntity.
    pub fn deactivate_device(&mut self, user: &AwsUser, serial: &str) -> Result<(), IamError> {
        let device = self.device_of(user, serial)?;
        device.owner = None;
        device.enabled = None;
        if device.is_security_key() {
            self.devices.remove(serial);
        }
        self.existing_mut(user)?.devices.retain(|other| other != serial);
        Ok(())
    }

    /// Deletes a virtual device that is nobody's.
    ///
    /// # Errors
    /// NoSuchEntity, DeleteConflict.
    pub fn delete_virtual_device(&mut self, serial: &str) -> Result<(), IamError> {
        let device = self.devices.get(serial).filter(|device| device.is_virtual());
        match device.ok_or_else(|| no_virtual_device(serial))?.owner {
            Some(_) => Err(IamError::conflict("MFA VirtualDevice in use. Must deactivate first.")),
            None => {
                self.devices.remove(serial);
                Ok(())
            }
        }
    }

    /// What "Remove" does in the console: deactivates a device, and deletes it if it is a virtual one.
    ///
    /// # Errors
    /// NoSuchEntity.
    pub fn remove_device(&mut self, user: &AwsUser, serial: &str) -> Result<(), IamError> {
        self.deactivate_device(user, serial)?;
        match self.devices.get(serial).is_some_and(Device::is_virtual) {
            true => self.delete_virtual_device(serial),
            false => Ok(()),
        }
    }

    fn device_of(&mut self, user: &AwsUser, serial: &str) -> Result<&mut Device, IamError> {
        self.existing(user)?;
        let device = self.devices.get_mut(serial);
        device
            .filter(|device| device.owner.as_ref() == Some(user))
            .ok_or_else(not_the_users)
    }
}

fn no_device(serial: &str) -> IamError {
    IamError::no_such(format!("MFA Device with serial number {serial} does not exist."))
}

fn no_virtual_device(serial: &str) -> IamError {
    IamError::no_such(format!("VirtualMFADevice with serial number {serial} doesn't exist."))
}

fn not_the_users() -> IamError {
    IamError::no_such("MFA Device invalid for user.")
}

fn too_many() -> IamError {
    IamError::limit("MFADevicesPerUser", MAX_DEVICES)
}

#[cfg(test)]
mod tests;
