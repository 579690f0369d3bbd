//! Closing by phone: the lock is one for all calls, and a change that was confirmed holds also if its caller is gone.

use super::*;
use crate::clock::WallTime;
use crate::flow::action::Fact;
use crate::flow::closing::change::ByPhone;
use crate::flow::closing::pin::Pin;
use crate::flow::closing::{Closing, Closings, Numbers, Then};
use crate::id::PromptName;

/// 2026-11-28, 06:00 in New York, in microseconds.
const MORNING: i64 = 1_795_863_600_000_000;

fn scene() -> Scene {
    let mut scene = Scene::down();
    let pin = Pin::read("902748").unwrap();
    scene.switch.settings.service = Some(super::super::by_phone::Settings { number: "180".to_owned(), pin });
    scene.now.wall = WallTime::from_micros(MORNING);
    scene.offer("180", "sendrecv");
    scene.request("180", "ACK", "");
    scene
}

fn keys(scene: &mut Scene, keys: &str) {
    for key in keys.chars().filter(|key| *key != ' ') {
        scene.press(match key {
            '#' => Key::Pound,
            digit => Key::Digit(digit.to_digit(10).unwrap() as u8),
        });
    }
}

fn did(scene: &Scene) -> Vec<ByPhone> {
    let by_phone = |event: &Event| match event {
        Event::Flow(Fact::ByPhone(did)) => Some(did.clone()),
        _ => None,
    };
    scene.log.iter().filter_map(by_phone).collect()
}

#[test]
fn what_was_confirmed_holds_for_new_calls_also_if_the_caller_has_hung_up() {
    let mut scene = scene();
    keys(&mut scene, "# 902748# 1 1 1 1 1");
    assert_eq!(did(&scene), [ByPhone::Unlocked], "nothing is ordered before the 1");
    keys(&mut scene, "1");
    assert!(
        matches!(did(&scene).last(), Some(ByPhone::Close { numbers: Numbers::All, .. })),
        "{:?}",
        did(&scene)
    );
    let call = *scene.switch.calls.keys().next().expect("the call is up");
    scene.cseq += 1;
    scene.request("180", "BYE", "");
    let closing = Closing {
        numbers: Numbers::All,
        until: WallTime::from_micros(MORNING + 3_600_000_000),
        zone: "America/New_York".to_owned(),
        say: PromptName::from("closed.weather"),
        then: Then::AfterHours,
        by: format!("phone, call {call}"),
        made: scene.now.wall,
    };
    let closings = Some(Arc::new(Closings::new(vec![closing]).unwrap()));
    scene.tell(Input::ClosingsChanged { call, closings });
    assert_eq!(scene.switch.closings.holding(scene.now.wall), 1);
}

#[test]
fn the_number_is_any_other_where_the_configuration_does_not_name_it() {
    let mut scene = Scene::down();
    scene.now.wall = WallTime::from_micros(MORNING);
    scene.offer("180", "sendrecv");
    scene.request("180", "ACK", "");
    keys(&mut scene, "# 1 1 1 1 1 1 #");
    assert_eq!(did(&scene), []);
}
