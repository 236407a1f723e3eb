//! What the demo has done so far, kept in its data folder, so that an interrupted run goes on where it
//! stopped and a finished one is not done again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::{Context, Result};
use serde_json::Value;

pub struct Diary {
    path: PathBuf,
    notes: Mutex<BTreeMap<String, Value>>,
}

impl Diary {
    pub fn open(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let path = folder.join("demo.json");
        let notes = match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged", path.display()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        Ok(Diary { path, notes: Mutex::new(notes) })
    }

    pub fn get(&self, name: &str) -> Option<Value> {
        self.lock().get(name).cloned()
    }

    /// A text noted before; an error names what is missing.
    pub fn text(&self, name: &str) -> Result<String> {
        let note = self.get(name);
        note.as_ref()
            .and_then(Value::as_str)
            .map(str::to_owned)
            .with_context(|| format!("the demo has no note of {name}"))
    }

    pub fn note(&self, name: &str, value: impl Into<Value>) {
        self.lock().insert(name.to_owned(), value.into());
    }

    /// The note `name`, made by `make` and kept when it is not there yet.
    pub async fn once<F: Future<Output = Result<Value>>>(&self, name: &str, make: impl FnOnce() -> F) -> Result<Value> {
        if let Some(known) = self.get(name) {
            return Ok(known);
        }
        let value = make().await.with_context(|| format!("while doing “{name}”"))?;
        self.note(name, value.clone());
        self.save()?;
        Ok(value)
    }

    /// Writes the notes; they hold tokens, so only the owner may read them.
    pub fn save(&self) -> Result<()> {
        use std::io::Write;
        use std::os::unix::fs::OpenOptionsExt;
        let draft = self.path.with_extension("json.new");
        let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(&serde_json::to_vec_pretty(&*self.lock())?)?;
        file.sync_all()?;
        std::fs::rename(&draft, &self.path)?;
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Value>> {
        self.notes.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
