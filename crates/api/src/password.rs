//! Hashing passwords: slow and large on purpose, so off the threads that answer, and few at a time.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

use crate::error::ApiError;

/// How many are hashed at a time: each takes a core and 19 MiB.
const AT_A_TIME: usize = 2;
/// How many may wait beside those; more are told to come back.
const WAITING_MAX: usize = 64;

/// The place where passwords are hashed and checked.
#[derive(Debug)]
pub struct Passwords {
    working: Semaphore,
    waiting: Semaphore,
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            working: Semaphore::new(AT_A_TIME),
            waiting: Semaphore::new(AT_A_TIME + WAITING_MAX),
        }
    }
}

impl Passwords {
    /// The password's hash as a PHC string, with a salt of its own.
    pub async fn hash(&self, password: String) -> Result<String, ApiError> {
        self.work(move || {
            let hash = Argon2::default().hash_password(password.as_bytes());
            hash.map(|hash| hash.to_string()).map_err(|error| error.to_string())
        })
        .await?
        .map_err(|error| ApiError::Internal(error.into()))
    }

    /// Whether it is the password. Without a hash to compare with it takes as long and is not.
    pub async fn is_right(&self, password: String, hash: Option<String>) -> Result<bool, ApiError> {
        self.work(move || match hash {
            Some(hash) => PasswordHash::new(&hash).is_ok_and(|hash| {
                Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()
            }),
            None => {
                // The time tells nobody whether there is such an account.
                let _ = Argon2::default().hash_password(password.as_bytes());
                false
            }
        })
        .await
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let _waiting = self.waiting.try_acquire().map_err(|_| ApiError::Overloaded)?;
        let _working =
            self.working.acquire().await.map_err(|error| ApiError::Internal(error.into()))?;
        tokio::task::spawn_blocking(work).await.map_err(|error| ApiError::Internal(error.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_is_right_for_its_password_alone() {
        let passwords = Passwords::default();
        let hash = passwords.hash("correct horse".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, passwords.hash("correct horse".into()).await.unwrap(), "salted");
        let is_right = async |password: &str, hash: Option<&str>| {
            passwords.is_right(password.into(), hash.map(str::to_owned)).await.unwrap()
        };
        assert!(is_right("correct horse", Some(&hash)).await);
        assert!(!is_right("correct hors", Some(&hash)).await);
        assert!(!is_right("correct horse", None).await);
        assert!(!is_right("correct horse", Some("garbage")).await);
    }
}
