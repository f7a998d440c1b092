//! Files that are made to hurt are refused, or read, in bounded time and memory.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::fmt::Write as _;
use std::time::Duration;

use resil_config::{Config, LoadError};
use resil_core::{Clock, MonotonicClock};

const MIB: usize = 1 << 20;

/// Loads it, and holds it to 100 MB; the time is only there to notice a hang, 20 times what is promised.
fn loaded(bytes: &[u8]) -> Result<Config, LoadError> {
    let folder = std::env::temp_dir().join(format!(
        "resil-hostile-{}-{:?}",
        std::process::id(),
        std::thread::current().id()
    ));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("a.yaml");
    std::fs::write(&path, bytes).unwrap();
    let clock = MonotonicClock;
    let (start, mut result) = (clock.now(), None);
    let seen = allocation_counter::measure(|| result = Some(Config::loader().file(&path).load()));
    let took = clock.now().saturating_duration_since(start);
    std::fs::remove_dir_all(&folder).unwrap();
    println!("{:?}, {} KiB at once, {} allocations", took, seen.bytes_max / 1_024, seen.count_total);
    assert!(seen.bytes_max < 100_000_000, "{} bytes at once", seen.bytes_max);
    assert!(took < Duration::from_secs(20), "{took:?}");
    result.unwrap()
}

fn refusal(bytes: &[u8]) -> String {
    let text = loaded(bytes).unwrap_err().to_string();
    let line = text.lines().next().unwrap();
    line.rsplit_once("a.yaml").unwrap().1.into()
}

#[test]
fn a_bomb_of_aliases_is_refused() {
    let mut text = String::from("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for n in 1..40 {
        let line = format!("*a{}, ", n - 1).repeat(9);
        writeln!(text, "a{n}: &a{n} [{}]", line.trim_end_matches(", ")).unwrap();
    }
    assert!(refusal(text.as_bytes()).contains("is not YAML: "), "{}", refusal(text.as_bytes()));
    // A long text many times over.
    let mut text = format!("a: &a '{}'\nb:\n", "x".repeat(100_000));
    text += &"- *a\n".repeat(50_000);
    assert!(refusal(text.as_bytes()).contains("too many values"));
    assert!(refusal(b"a: &a [1, *a]").contains("repeats a value within itself"));
}

#[test]
fn what_is_too_deep_is_refused() {
    for text in ["[".repeat(10_000), "{".repeat(10_000), "[{a: ".repeat(10_000), "{a: ".repeat(10_000)] {
        assert!(refusal(text.as_bytes()).contains("more than 64 open brackets"));
    }
    let mut text = String::new();
    for level in 0..10_000 {
        // As much as fits into a file.
        if text.len() + level + 3 > MIB {
            break;
        }
        writeln!(text, "{}a:", " ".repeat(level)).unwrap();
    }
    assert!(refusal(text.as_bytes()).contains("nested deeper than 64"));
    for text in ["- ".repeat(MIB / 2), "? ".repeat(MIB / 2), "- - ? ".repeat(10_000)] {
        assert!(refusal(text.as_bytes()).contains("nested deeper than 64"));
    }
    // Brackets that close again do not nest.
    assert!(loaded(b"[]\n").is_err());
    assert!(loaded(format!("a: [{}]", "[], ".repeat(10_000)).as_bytes()).is_ok());
}

#[test]
fn what_is_too_long_is_refused_before_it_is_read() {
    assert_eq!(refusal(&vec![b'#'; 100_000_000]), ": is longer than 1 MiB");
    assert!(loaded(&vec![b'#'; MIB]).is_ok());
}

#[test]
fn what_is_no_text_is_refused() {
    assert_eq!(refusal(b"a: b\nc: \0"), ":2:4: holds a NUL byte, so it is not text");
    assert_eq!(refusal(b"a: \xFF\xFE"), ":1:4: is not UTF-8");
    assert_eq!(refusal(b"\xFF\xFEa\0:\0 \0b\0"), ":1:4: holds a NUL byte, so it is not text");
    assert!(refusal(b"a: \x01").contains("is not YAML"));
    let noise: Vec<u8> = (0..MIB).map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[2] | 1).collect();
    assert!(refusal(&noise).contains("is not UTF-8"));
}

/// Patterns on which parsers have been slow: each as long as a file may be.
#[test]
fn long_files_of_any_kind_take_no_longer_than_their_length() {
    let filled = |unit: &str| unit.repeat(MIB / unit.len());
    let numbered = |line: fn(usize) -> String| {
        let mut text = String::new();
        let mut n = 0;
        loop {
            let line = line(n);
            if text.len() + line.len() > MIB {
                break text;
            }
            text += &line;
            n += 1;
        }
    };
    let texts = [
        filled("a"),
        filled("a "),
        filled("a\n"),
        filled("- a\n"),
        filled("a,"),
        format!("[{}", &filled("a,")[..MIB - 1]),
        format!("[{}", &filled("a: b,")[..MIB - 5]),
        format!("[{}]", "a,".repeat(60_000)),
        format!("[{}]", "a: b,".repeat(30_000)),
        format!("{{{}}}", numbered(|n| format!("k{n}: b,"))[..400_000].to_owned()),
        format!("x: [{}]", "? ,".repeat(30_000)),
        filled("\n"),
        filled(" "),
        filled("\t"),
        filled("# x\n"),
        filled("'"),
        filled("\""),
        filled("\"\\x41\" "),
        filled("&a "),
        filled("*a "),
        filled("!a "),
        filled("!!str "),
        filled("---\n"),
        filled("...\n"),
        filled("%YAML 1.2\n"),
        filled("%TAG ! tag:x,2000:\n"),
        filled("a: |\n"),
        filled("a: >-\n\n"),
        filled(": "),
        filled("?\n"),
        filled("? a\n"),
        filled("- - -\n"),
        filled("a: a: "),
        filled("[]{}"),
        filled("é"),
        filled("a:\n - b\n"),
        format!("a: |\n{}", &filled(" x\n")[..MIB - 10]),
        format!("a: >\n{}", &filled(" x\n\n")[..MIB - 10]),
        format!("a: \"{}\"", &filled("x\n ")[..MIB - 10]),
        format!("a: {}", &filled("x\n ")[..MIB - 10]),
        format!("{}: b", &filled("x ")[..MIB - 10]),
        numbered(|n| format!("k{n}: v\n")),
        numbered(|n| format!("k{n}: &a{n} v\n")),
        numbered(|n| format!("- &a{n} v\n- *a{n}\n")),
        numbered(|n| format!("resilience{n}: {{}}\n")),
        format!("resilience:\n{}", numbered(|n| format!("  k{n}: v\n"))[..MIB - 100].to_owned()),
        format!(
            "resilience:\n  circuit_breaker:\n    instances:\n{}",
            numbered(|n| format!("      k{n}: {{}}\n"))[..MIB - 100].to_owned()
        ),
        format!("resilience:\n  include:\n{}", numbered(|n| format!("  - {n}\n"))[..MIB - 100].to_owned()),
    ];
    for text in texts {
        print!("{:20.20}: ", text.replace('\n', "_"));
        let _ = loaded(&text.as_bytes()[..text.len().min(MIB)]);
    }
}

#[test]
fn odd_files_are_read_for_what_they_are() {
    for text in [
        "",
        " ",
        "\n\n",
        "# nothing\n",
        "---\n",
        "---\n...\n",
        "null\n",
        "~",
        "resilience:\n",
        "resilience: {}\n",
    ] {
        assert!(loaded(text.as_bytes()).is_ok(), "{text:?}: {}", loaded(text.as_bytes()).unwrap_err());
    }
    assert!(loaded(b"\xEF\xBB\xBFresilience:\r\n  preset: production\r\n").is_ok());
    // YAML would let a tab stand there; one of the two parsers does not.
    assert!(refusal(b"resilience:\n  preset:\tproduction\n").contains(":2:11: is not YAML"));
    assert!(refusal(b"resilience:\n\tpreset: production\n").contains("is not YAML"));
    assert!(refusal(b"a: 1\n---\nb: 2\n").ends_with("has more than one document"));
    assert!(refusal(b"- a\n").contains("a list does not fit, wanted is a mapping with the key `resilience`"));
    assert!(refusal(b"hello").contains("`hello` does not fit"));
    assert!(refusal(b"resilience: 5\n").contains("`5` does not fit, wanted is a mapping"));
}

#[test]
fn what_yaml_can_do_beyond_settings_is_refused_below_resilience_only() {
    assert!(loaded(b"x: !Ref abc\ny: { <<: { a: 1 } }\n? [a, b]\n: c\ntwice: 1\ntwice: 2\n5: 6\n").is_ok());
    assert!(refusal(b"resilience: !x {}").contains("a value with a tag does not fit"));
    assert!(
        refusal(b"resilience:\n  preset: !x production\n")
            .contains("a value with a tag is none of the words")
    );
    assert!(refusal(b"resilience:\n  <<: {}\n").contains("merge keys are not read"));
    assert!(
        refusal(b"resilience:\n  preset: production\n  preset: production\n")
            .contains("twice, first in line 2")
    );
    assert!(refusal(b"resilience:\n  ? [a]\n  : b\n").contains("a list is no key"));
    assert!(refusal(b"resilience: {}\nresilience: {}\n").contains("twice, first in line 1"));
    assert!(loaded(b"x: &p production\nresilience:\n  preset: *p\n").is_ok());
}
