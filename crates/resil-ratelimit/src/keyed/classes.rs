use super::terms::Terms;

/// How many classes are compared with the terms of a new key. Beyond, equal terms may be kept more than once.
const COMPARED: usize = 64;

/// The terms that keys are on, each once for all keys that have them: a few plans rather than as many as there are keys.
///
/// Class 0 is that of the keys without their own terms.
#[derive(Debug)]
pub(super) struct Classes {
    /// All but class 0.
    own: Vec<Class>,
    free: Vec<u32>,
}

#[derive(Debug)]
struct Class {
    terms: Terms,
    keys: u32,
}

impl Classes {
    pub(super) const fn new() -> Self {
        Self { own: Vec::new(), free: Vec::new() }
    }

    /// The terms of a class; `None` for class 0.
    #[inline]
    pub(super) fn terms(&self, class: u32) -> Option<Terms> {
        self.own.get((class as usize).checked_sub(1)?).map(|class| class.terms)
    }

    /// The class of one more key with its own terms.
    pub(super) fn enter(&mut self, terms: Terms) -> u32 {
        let known = self.own.iter().take(COMPARED).position(|class| class.keys > 0 && class.terms == terms);
        let class = Class { terms, keys: 1 };
        let at = if let Some(at) = known {
            self.own[at].keys += 1;
            at
        } else if let Some(at) = self.free.pop() {
            self.own[at as usize] = class;
            at as usize
        } else {
            self.own.push(class);
            self.own.len() - 1
        };
        #[expect(clippy::cast_possible_truncation, reason = "fewer than keys")]
        let at = at as u32;
        at + 1
    }

    /// One key less.
    pub(super) fn leave(&mut self, class: u32) {
        let Some(at) = class.checked_sub(1) else { return };
        let class = &mut self.own[at as usize];
        class.keys -= 1;
        if class.keys == 0 {
            self.free.push(at);
        }
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;
    use crate::Quota;

    fn terms(permits: u32) -> Terms {
        Terms::of(Quota::per_hour(permits)).expect("in range")
    }

    #[test]
    fn keys_on_the_same_terms_share_a_class() {
        let mut classes = Classes::new();
        let (gold, basic) = (classes.enter(terms(100)), classes.enter(terms(10)));
        assert_eq!((classes.enter(terms(100)), classes.enter(terms(10))), (gold, basic));
        assert_eq!((classes.terms(gold), classes.terms(basic)), (Some(terms(100)), Some(terms(10))));
        assert_eq!((classes.terms(0), classes.own.len()), (None, 2));
    }

    #[test]
    fn a_class_without_keys_is_used_again() {
        let mut classes = Classes::new();
        let (first, second) = (classes.enter(terms(1)), classes.enter(terms(2)));
        classes.enter(terms(1));
        classes.leave(0);
        classes.leave(first);
        assert_eq!(classes.enter(terms(3)), 3, "the first still has a key");
        classes.leave(first);
        assert_eq!(classes.enter(terms(1)), first);
        assert_eq!(classes.terms(second), Some(terms(2)));
        classes.leave(second);
        assert_eq!(classes.enter(terms(4)), second);
        assert_eq!((classes.terms(second), classes.own.len()), (Some(terms(4)), 3));
    }

    #[test]
    fn many_classes_are_not_all_compared() {
        let mut classes = Classes::new();
        (1..=65).for_each(|n| assert_eq!(classes.enter(terms(n)), n));
        assert_eq!((classes.enter(terms(64)), classes.enter(terms(65))), (64, 66));
        assert_eq!((classes.terms(65), classes.terms(66)), (Some(terms(65)), Some(terms(65))));
    }
}
