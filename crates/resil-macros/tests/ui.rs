//! What the compiler says of wrong attributes: every file in `ui` has its errors beside it.

#[test]
fn misuses_are_refused_in_words_that_help() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
