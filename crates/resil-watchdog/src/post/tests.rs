//! What a look sees at a post.

use super::*;

fn at(nanos: u64) -> Moment {
    Moment::from_nanos(nanos)
}

/// What a look and, before it, a glance sees.
fn look(post: &Post, seen: &mut Seen) -> Sign {
    let glance = post.peek(*seen, at(100));
    assert_eq!(post.peek(*seen, at(100)), glance, "a glance changes nothing");
    let sign = post.look(seen, at(100));
    assert_eq!(sign, glance);
    sign
}

type Ping = fn(&Post);

/// Each kind of post, and how one pings there.
fn kinds() -> [(Post, Ping); 3] {
    [(Post::shared(false), Post::flag), (Post::shared(true), Post::add), (Post::single(None), Post::count)]
}

/// W1
#[test]
fn a_ping_is_seen_once_whoever_makes_it() {
    for (post, ping) in kinds() {
        let mut seen = Seen::NOTHING;
        assert_eq!(look(&post, &mut seen), Sign::Silent);
        ping(&post);
        ping(&post);
        assert_eq!(look(&post, &mut seen), Sign::Ping(at(100)));
        assert_eq!(look(&post, &mut seen), Sign::Silent);
    }
}

/// W1
#[test]
fn a_ping_that_read_the_clock_is_seen_at_its_moment_unless_a_plain_one_came_as_well() {
    for (post, ping) in kinds() {
        let mut seen = Seen::NOTHING;
        post.at(at(0));
        assert_eq!(look(&post, &mut seen), Sign::Ping(at(0)));
        assert_eq!(look(&post, &mut seen), Sign::Silent);
        post.at(at(70));
        ping(&post);
        assert_eq!(look(&post, &mut seen), Sign::Ping(at(100)), "one of them may have come later");
        assert_eq!(look(&post, &mut seen), Sign::Silent);
        post.at(Moment::MAX);
        assert_eq!(look(&post, &mut seen), Sign::Ping(at(u64::MAX - 1)));
    }
}

/// W1
#[test]
fn pings_of_all_kinds_are_counted_where_that_is_claimed() {
    let counts = kinds().map(|(post, ping)| {
        for _ in 0..3 {
            ping(&post);
            post.at(at(7));
        }
        post.pings()
    });
    assert_eq!(counts, [0, 6, 6]);
}

#[test]
fn who_rests_is_seen_to_rest_and_its_earlier_pings_are_not_seen_later() {
    let post = Post::single(None);
    let mut seen = Seen::NOTHING;
    post.count();
    post.rest(true);
    assert_eq!(look(&post, &mut seen), Sign::Rest);
    post.rest(false);
    assert_eq!(look(&post, &mut seen), Sign::Silent);
}

#[test]
fn whoever_holds_a_cord_is_woken_when_it_is_cut() {
    let cord = Cord::new();
    assert_eq!(cord.hold(Waker::noop()), None);
    assert!(cord.cut(Duration::from_secs(3)).is_some());
    assert_eq!(cord.hold(Waker::noop()), Some(Duration::from_secs(3)));
    assert!(cord.cut(Duration::from_secs(4)).is_none(), "nobody waits any more");
    assert_eq!(cord.is_cut(), Some(Duration::from_secs(4)));
}

/// W1: two posts share no cache line, so that those who ping do not slow each other down.
#[test]
fn a_post_has_cache_lines_of_its_own() {
    assert_eq!((align_of::<Post>(), size_of::<Post>() % 128), (128, 0));
}
