use super::*;
use std::path::PathBuf;

/// A file of this test alone.
struct Place(PathBuf);

impl Place {
    fn new(name: &str, content: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("resil-journal-{}-{name}", std::process::id()));
        std::fs::write(&path, content).unwrap();
        Self(path)
    }

    fn open(&self) -> (Journal, Found) {
        Journal::open(&self.0).unwrap()
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.0).unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn it_goes_on_where_it_ended() {
    let place = Place::new("goes-on", b"");
    let (mut journal, found) = place.open();
    assert_eq!(found, Found { last: 0, cut: 0 });
    assert_eq!((journal.append("one").unwrap(), journal.append("two words").unwrap()), (1, 2));
    drop(journal);
    let (mut journal, found) = place.open();
    assert_eq!(found, Found { last: 2, cut: 0 });
    assert_eq!(journal.append("three").unwrap(), 3);
    assert_eq!(journal.flush().unwrap(), 3);
    assert_eq!(place.text(), "1 one\n2 two words\n3 three\n");
}

#[test]
fn half_an_entry_is_cut_off_wherever_it_was_torn() {
    let whole = "1 one\n2 two\n";
    let torn = "3 three";
    for length in 0..=torn.len() {
        let place = Place::new("torn", format!("{whole}{}", &torn[..length]).as_bytes());
        let (mut journal, found) = place.open();
        assert_eq!(found, Found { last: 2, cut: length as u64 });
        journal.append("again").unwrap();
        assert_eq!(place.text(), format!("{whole}3 again\n"));
    }
    let place = Place::new("torn", b"1 on");
    assert_eq!(place.open().1, Found { last: 0, cut: 4 });
    assert_eq!(place.text(), "");
}

#[test]
fn what_tear_leaves_behind_is_cut_off() {
    let place = Place::new("tear", b"");
    let (mut journal, _) = place.open();
    journal.append("one").unwrap();
    journal.tear("two").unwrap();
    assert_eq!(place.text(), "1 one\n2 t");
    drop(journal);
    assert_eq!(place.open().1, Found { last: 1, cut: 3 });
}

#[test]
fn the_last_line_is_found_at_the_end_of_a_long_one() {
    let place = Place::new("long", b"");
    let (mut journal, _) = place.open();
    let longest = "x".repeat(usize::from(LONGEST) - "1 \n".len());
    for number in 1..=5 {
        assert_eq!(journal.append(&longest).unwrap(), number);
    }
    journal.tear(&longest).unwrap();
    drop(journal);
    assert_eq!(place.open().1, Found { last: 5, cut: u64::from(LONGEST) / 2 });
}

#[test]
fn one_that_is_held_cannot_be_opened() {
    let place = Place::new("held", b"1 one\n2 tw");
    let first = place.open();
    let text = place.text();
    assert!(matches!(Journal::open(&place.0), Err(JournalError::Held)));
    assert_eq!(place.text(), text);
    drop(first);
    assert_eq!(place.open().1.last, 1);
}

#[test]
fn an_entry_is_one_line_of_limited_length() {
    let place = Place::new("entry", b"");
    let (mut journal, _) = place.open();
    assert!(journal.append("two\nlines").is_err());
    assert!(journal.append(&"x".repeat(usize::from(LONGEST))).is_err());
    assert_eq!(journal.append("one").unwrap(), 1);
    assert_eq!(place.text(), "1 one\n");
}

#[test]
fn a_file_that_is_no_journal_is_left_alone() {
    let no_line = [b'x'; 3 * LONGEST as usize];
    for content in [&b"hello\n"[..], b"1 one\n\n", b"0 zero\n", b"1 one\n\xff\n", &no_line] {
        let place = Place::new("damaged", content);
        assert!(matches!(Journal::open(&place.0), Err(JournalError::Damaged)));
        assert_eq!(std::fs::read(&place.0).unwrap(), content);
    }
}
