//! A file and those that it includes.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::layer::Layer;
use crate::node::{self, Node, Value};
use crate::problem::{Findings, Problem};
use crate::section::SECTIONS;
use crate::source::{Mark, Origin};
use crate::text::LONGEST;
use crate::walk::{Include, Walk};

/// The key of a file's mapping that is ours; the others are somebody else's.
const OURS: &str = "resilience";

/// How many files may come together.
const MOST_FILES: usize = 64;

/// The files that were read, and what they say.
#[derive(Debug, Default)]
pub(crate) struct Files {
    /// What they say, weakest first: each wins over those that it includes, and of these a later one over an earlier one.
    pub(crate) layers: Vec<Layer>,
    /// Their names in messages, in the order in which they were read.
    pub(crate) labels: Vec<Arc<str>>,
    /// Where they are.
    pub(crate) paths: Vec<PathBuf>,
    /// Those that were looked for, by the names that they were looked for under.
    pub(crate) tried: Vec<PathBuf>,
    /// The folder out of which no file is included.
    folder: Option<PathBuf>,
    /// The files that are being read, each included by the one before it.
    chain: Vec<(PathBuf, Arc<str>)>,
    seen: HashSet<PathBuf>,
}

impl Files {
    /// Reads the file at `path` and those that it includes.
    pub(crate) fn read(&mut self, path: &Path, findings: &mut Findings) {
        let label = Arc::from(path.display().to_string());
        self.tried.push(path.to_owned());
        let (bytes, place) = match contents(path).and_then(|bytes| Ok((bytes, path.canonicalize()?))) {
            Ok(found) => found,
            Err(error) => {
                let source = Origin::File(label).whole();
                return findings.problem(Problem::new(source, "", format!("cannot be read: {error}")));
            }
        };
        self.folder = place.parent().map(Path::to_owned);
        self.one(&bytes, place, label, path, findings);
    }

    /// Reads a text that is in no file.
    pub(crate) fn read_text(&mut self, text: &str, findings: &mut Findings) {
        let label: Arc<str> = Arc::from("<yaml>");
        self.labels.push(label.clone());
        let origin = Origin::File(label);
        let (layer, includes) = said(text.as_bytes(), &origin, findings);
        if let Some(include) = includes.first() {
            let text = "is not possible here: the text is in no file, so there is no folder to look in";
            findings.problem(Problem::new(origin.at(include.mark), "include", text));
        }
        self.layers.push(layer);
    }

    fn one(&mut self, bytes: &[u8], place: PathBuf, label: Arc<str>, path: &Path, findings: &mut Findings) {
        self.labels.push(label.clone());
        self.paths.push(place.clone());
        self.seen.insert(place.clone());
        let origin = Origin::File(label.clone());
        let (layer, includes) = said(bytes, &origin, findings);
        self.chain.push((place, label));
        for include in includes {
            if let Err(text) = self.included(&include, path, findings) {
                let text = format!("`{}` {text}", include.path);
                findings.problem(Problem::new(origin.at(include.mark), "include", text));
            }
        }
        self.chain.pop();
        self.layers.push(layer);
    }

    fn included(&mut self, include: &Include, by: &Path, findings: &mut Findings) -> Result<(), String> {
        if Path::new(&include.path).is_absolute() {
            return Err(
                "is an absolute path; included files are named relative to the one that includes them".into(),
            );
        }
        let path = by.parent().unwrap_or(Path::new("")).join(&include.path);
        self.tried.push(path.clone());
        let place = path.canonicalize().map_err(|error| format!("cannot be read: {error}"))?;
        if !self.folder.as_ref().is_some_and(|folder| place.starts_with(folder)) {
            return Err("is outside of the folder of the first file".into());
        }
        let label: Arc<str> = Arc::from(path.display().to_string());
        if let Some(start) = self.chain.iter().position(|(open, _)| *open == place) {
            let chain = self.chain[start..].iter().chain([&self.chain[start]]);
            let chain: Vec<_> = chain.map(|(_, label)| &**label).collect();
            return Err(format!("includes itself: {}", chain.join(" -> ")));
        }
        if self.seen.contains(&place) {
            return Ok(());
        }
        if self.seen.len() == MOST_FILES {
            return Err(format!("is one file too many: {MOST_FILES} are read at most"));
        }
        let bytes = contents(&place).map_err(|error| format!("cannot be read: {error}"))?;
        self.one(&bytes, place, label, &path, findings);
        Ok(())
    }
}

/// What is in a file, but not much more than may be.
fn contents(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LONGEST as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What a text says, and which files it includes.
pub(crate) fn said(bytes: &[u8], origin: &Origin, findings: &mut Findings) -> (Layer, Vec<Include>) {
    let node = match node::read(bytes) {
        Ok(Some(node)) => node,
        Ok(None) => return (Layer::default(), Vec::new()),
        Err(error) => {
            findings.problem(Problem::new(origin.at(error.mark), "", error.reason));
            return (Layer::default(), Vec::new());
        }
    };
    match ours(&node, origin, findings) {
        Some(ours) => Walk { origin, findings }.resilience(ours),
        None => (Layer::default(), Vec::new()),
    }
}

/// What is under our key. The rest is passed over, unless it looks as if ours was meant.
fn ours<'a>(node: &'a Node, origin: &Origin, findings: &mut Findings) -> Option<&'a Node> {
    let Value::Map(entries) = &node.value else {
        if !node.is_null() {
            let text =
                format!("{} does not fit, wanted is a mapping with the key `{OURS}`", node.described());
            findings.problem(Problem::new(origin.at(node.mark), "", text));
        }
        return None;
    };
    let words = || entries.iter().filter_map(|(key, value)| Some((key.text()?, key.mark, value)));
    let mut warn = |mark: Mark, word: &str, text: String| {
        findings.warning(Problem::new(origin.at(mark), "", format!("`{word}` is passed over; {text}")));
    };
    let mut found = words().filter(|(word, ..)| *word == OURS);
    let first = found.next();
    for (word, mark, _) in words().filter(|(word, ..)| is_near_miss(word)) {
        warn(mark, word, format!("did you mean `{OURS}`?"));
    }
    if first.is_none() {
        for (word, mark, _) in words().filter(|(word, ..)| SECTIONS.iter().any(|s| s.name == *word)) {
            warn(mark, word, format!("settings are read below `{OURS}` only"));
        }
    }
    if let (Some((_, before, _)), Some((_, mark, _))) = (first, found.next()) {
        let text = format!("is there twice, first in line {}", before.line);
        findings.problem(Problem::new(origin.at(mark), OURS, text));
    }
    first.map(|(.., value)| value)
}

fn is_near_miss(word: &str) -> bool {
    word != OURS && word.len() < 20 && strsim::osa_distance(&word.to_lowercase(), OURS) <= 2
}
