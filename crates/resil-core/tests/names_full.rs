//! The bound of the table of names: alone in its process, because it fills what all tests share.
#![cfg(not(any(loom, shuttle)))]

use resil_core::Name;

#[test]
fn a_full_table_of_names_says_so_and_keeps_what_it_has() {
    let names: Vec<String> = (0..4_096).map(|n| format!("name {n}")).collect();
    for name in &names {
        assert_eq!(Name::intern(name).unwrap().as_str(), name);
    }
    insta::assert_snapshot!(
        Name::intern("one \"too\" many").unwrap_err(),
        @r#"cannot keep the name "one \"too\" many": all 4096 names of this process are taken"#
    );
    for name in &names {
        assert_eq!(Name::intern(name).unwrap().as_str(), name);
    }
}
