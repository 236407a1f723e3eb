//! Runs what is written in JavaScript: standard clients and tools against a [`TestApp`](crate::TestApp).

use std::path::{Path, PathBuf};

use tokio::process::Command;

/// Where the clients live; `tests/run` installs their packages.
pub fn clients() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("outside/clients")
}

/// Runs `node {arguments}` among the clients and returns what it printed. Fails the test, showing all of
/// it, when the program fails.
pub async fn node(arguments: &[&str], environment: &[(&str, &str)]) -> String {
    assert!(clients().join("node_modules").is_dir(), "run the tests with tests/run, which installs the clients");
    let outcome = Command::new("node")
        .args(arguments)
        .current_dir(clients())
        .envs(environment.iter().copied())
        .kill_on_drop(true)
        .output()
        .await
        .expect("node runs");
    let printed = String::from_utf8_lossy(&outcome.stdout).into_owned() + &String::from_utf8_lossy(&outcome.stderr);
    assert!(outcome.status.success(), "node {arguments:?}:\n{printed}");
    printed
}
