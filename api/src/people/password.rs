//! Passwords of staff: argon2id with the parameters OWASP's password storage cheat sheet names
//! (19 MiB, 2 passes, 1 lane). Work runs on blocking threads, a few at a time.

use std::sync::{Arc, LazyLock};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use tokio::sync::Semaphore;

use crate::base::id::random_bytes;
use crate::error::{Refusal, Result};

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const MIN_CHARS: usize = 10;
/// Argon2 takes any length; this only keeps requests small.
const MAX_BYTES: usize = 256;

/// Each holds [`MEMORY_KIB`] while it works, so a burst of sign-ins must not start all at once.
static TURNS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(4)));

fn hasher() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).expect("valid parameters");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Refuses a new password that is too short to withstand guessing, or absurdly long.
pub fn check_strength(field: &str, password: &str) -> Result<()> {
    if password.chars().count() >= MIN_CHARS && password.len() <= MAX_BYTES {
        return Ok(());
    }
    Err(Refusal::invalid(
        field,
        format!("A password has at least {MIN_CHARS} characters and at most {MAX_BYTES} bytes."),
        format!("密码至少 {MIN_CHARS} 个字符，最多 {MAX_BYTES} 字节。"),
    )
    .into())
}

/// The password's hash as a PHC string, with a salt of its own.
pub async fn hash(password: &str) -> Result<String> {
    let password = password.to_owned();
    work(move || {
        let mut salt = [0; 16];
        random_bytes(&mut salt);
        let hash = hasher().hash_password_with_salt(password.as_bytes(), &salt);
        Ok(hash.map_err(|error| anyhow::anyhow!("cannot hash a password: {error}"))?.to_string())
    })
    .await
}

/// Whether `password` belongs to the PHC string. Without one, the same work is done and the answer
/// is no, so that the time tells nobody whether an account exists.
pub async fn verify(password: &str, hash: Option<&str>) -> Result<bool> {
    let (password, hash) = (password.to_owned(), hash.map(str::to_owned));
    work(move || {
        if password.len() > MAX_BYTES {
            return Ok(false);
        }
        let Some(hash) = hash else {
            let _same_work = hasher().hash_password_with_salt(password.as_bytes(), &[0; 16]);
            return Ok(false);
        };
        let parsed = PasswordHash::new(&hash).map_err(|error| anyhow::anyhow!("a stored password hash: {error}"))?;
        Ok(hasher().verify_password(password.as_bytes(), &parsed).is_ok())
    })
    .await
}

async fn work<T: Send + 'static>(job: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    in_turn(&TURNS, job).await?
}

/// Runs `job` on a blocking thread once it is its turn. The turn ends with the job and not with this
/// future: a caller who hangs up does not stop the thread.
async fn in_turn<T: Send + 'static>(turns: &Arc<Semaphore>, job: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let turn = turns.clone().acquire_owned().await.map_err(anyhow::Error::from)?;
    let done = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        job()
    });
    Ok(done.await.map_err(anyhow::Error::from)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_verifies_against_its_own_hash_only() {
        let (one, two) = (hash("correct horse").await.unwrap(), hash("correct horse").await.unwrap());
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        assert_ne!(one, two, "each hash has a salt of its own");
        assert!(verify("correct horse", Some(&one)).await.unwrap());
        assert!(!verify("correct house", Some(&one)).await.unwrap());
        assert!(!verify("correct horse", None).await.unwrap());
        assert!(verify("correct horse", Some("plain")).await.is_err());
    }

    #[tokio::test]
    async fn a_caller_who_hangs_up_does_not_let_another_job_in() {
        let turns = Arc::new(Semaphore::new(1));
        let (started, begun) = tokio::sync::oneshot::channel();
        let (finish, wait) = std::sync::mpsc::channel::<()>();
        let job = move || {
            started.send(()).expect("someone waits for the start");
            wait.recv().expect("someone ends the job");
        };
        let call = tokio::spawn({
            let turns = turns.clone();
            async move { in_turn(&turns, job).await }
        });
        begun.await.expect("the job starts");
        call.abort();
        assert!(call.await.expect_err("the caller is gone").is_cancelled());
        assert_eq!(turns.available_permits(), 0);
        finish.send(()).expect("the job still runs");
        turns.acquire().await.expect("the turn comes back").forget();
    }

    #[test]
    fn a_short_password_is_refused() {
        assert!(check_strength("password", "ninechars").is_err());
        assert!(check_strength("password", "ten chars!").is_ok());
        assert!(check_strength("password", &"x".repeat(257)).is_err());
    }
}
