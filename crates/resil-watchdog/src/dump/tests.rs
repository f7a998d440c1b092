//! What is made of the kernel's files, whatever stands in them.

use proptest::prelude::*;

use super::*;

const STAT: &str = "4242 (tokio-rt-worker) S 4200 4242 4200 34816 4242 4194368 95 0 0 0 123 45 0 0 20 0 3 0 8761234 \
    1105350656 1024 18446744073709551615 1 1 0 0 0 0 0 4096 17642 0 0 0 -1 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n";

/// W5
#[test]
fn a_thread_is_listed_with_its_state_where_it_waits_and_its_processor_time() {
    let thread = ThreadInfo::parse(4242, STAT, "futex_wait_queue");
    assert_eq!(thread.cpu, Duration::from_millis(1_680));
    insta::assert_snapshot!(thread.to_string(), @"    4242  tokio-rt-worker  S sleeps              futex_wait_queue          1.68 s");
}

/// W5
#[test]
fn names_with_brackets_spaces_and_line_ends_do_not_confuse() {
    for name in ["a) R 1 (b", ") (", "", "two\nlines", "(((", ")))", "\u{1b}[31mred"] {
        let stat = STAT.replace("tokio-rt-worker", name);
        let thread = ThreadInfo::parse(1, &stat, "0\n");
        assert_eq!(
            (thread.state, thread.cpu, thread.waits_in.as_deref()),
            ('S', Duration::from_millis(1_680), None)
        );
        assert_eq!(thread.name, name.replace(|c: char| c.is_control(), "?"));
    }
}

/// W5
#[test]
fn files_that_are_cut_short_give_what_they_hold() {
    let thread = |stat: &str| ThreadInfo::parse(7, stat, "");
    assert_eq!((thread("").state, thread("").name.as_str()), ('?', "?"));
    assert_eq!(thread("7 (main").name, "?");
    assert_eq!(thread("7 (main) R").state, 'R');
    assert_eq!(thread("7 (main) R 1 1 1 1 1 1 1 1 1 1 300").cpu, Duration::from_secs(3));
    let huge = format!("7 (main) R 1 1 1 1 1 1 1 1 1 1 {} {}", u64::MAX, u64::MAX);
    assert_eq!(thread(&huge).cpu, CLOCK_TICK.saturating_mul(u32::MAX));
}

/// W5
#[test]
fn every_state_has_a_word() {
    let words = |state: char| ThreadInfo::parse(1, &STAT.replace(") S ", &format!(") {state} ")), "").state();
    let all: Vec<_> = "RSDTtZXxI?".chars().map(words).collect();
    assert_eq!(
        all.join(", "),
        "runs, sleeps, waits for a device, is stopped, is stopped, has ended, has ended, has ended, is idle, "
    );
}

#[test]
fn what_is_no_list_of_threads_gives_an_empty_dump_that_says_so() {
    for folder in ["/nowhere", "/dev/null", env!("CARGO_MANIFEST_DIR")] {
        let dump = ThreadDump::of(Path::new(folder));
        assert_eq!(dump, ThreadDump::default());
        assert_eq!(dump.to_string(), "this system does not list the threads of a process");
    }
}

/// W5
#[test]
fn a_dump_is_a_table_in_the_order_of_the_ids() {
    let folder = std::env::temp_dir().join(format!("resil-watchdog-task-{}", std::process::id()));
    for id in ["30", "4", "200", "1", "50", "no-thread", "7"] {
        std::fs::create_dir_all(folder.join(id)).unwrap();
        std::fs::write(folder.join(id).join("stat"), STAT).unwrap();
    }
    // One that ends before its files are read.
    std::fs::remove_file(folder.join("50/stat")).unwrap();
    std::fs::write(folder.join("4/wchan"), "ep_poll").unwrap();
    let dump = ThreadDump::of(&folder);
    std::fs::remove_dir_all(&folder).unwrap();
    insta::assert_snapshot!(dump.to_string(), @r"
    5 threads:
           1  tokio-rt-worker  S sleeps              -                         1.68 s
           4  tokio-rt-worker  S sleeps              ep_poll                   1.68 s
           7  tokio-rt-worker  S sleeps              -                         1.68 s
          30  tokio-rt-worker  S sleeps              -                         1.68 s
         200  tokio-rt-worker  S sleeps              -                         1.68 s
    ");
}

#[test]
fn of_very_many_threads_the_rest_is_counted() {
    let info = |id| ThreadInfo::parse(id, STAT, "");
    let dump = ThreadDump { threads: vec![info(1), info(2)], left_out: 40 };
    let text = dump.to_string();
    assert!(text.starts_with("42 threads:\n") && text.ends_with("\nand 40 more"), "{text}");
}

/// W5
#[cfg(target_os = "linux")]
#[test]
fn a_dump_lists_the_threads_that_are_there() {
    let (release, held) = std::sync::mpsc::channel::<()>();
    let (begin, started) = std::sync::mpsc::channel();
    let body = move || {
        begin.send(()).unwrap();
        let _ = held.recv();
    };
    let thread = std::thread::Builder::new().name("waits for it".into()).spawn(body).unwrap();
    started.recv().unwrap();
    let dump = ThreadDump::take();
    let found = dump.threads.iter().find(|thread| thread.name == "waits for it");
    assert!(found.is_some(), "{dump}");
    assert!(dump.threads.is_sorted_by_key(|thread| thread.id));
    drop(release);
    thread.join().unwrap();
}

proptest! {
    /// W5
    #[test]
    fn any_bytes_give_one_line(stat in any::<Vec<u8>>(), wchan in any::<Vec<u8>>()) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let line = ThreadInfo::parse(1, &text(&stat), &text(&wchan)).to_string();
        prop_assert_eq!(line.lines().count(), 1);
    }

    /// W5
    #[test]
    fn a_good_file_that_was_damaged_gives_one_line(at in 0..STAT.len(), byte in any::<char>()) {
        let stat: String = STAT.chars().enumerate().map(|(place, c)| if place == at { byte } else { c }).collect();
        let line = ThreadInfo::parse(1, &stat, &stat).to_string();
        prop_assert_eq!(line.lines().count(), 1);
    }
}
