//! Names of steps, flows and keys: those that lead nowhere, stand twice or are taken.

use super::*;

pub fn names() {
    edited(
        "main_menu.yaml",
        "3: refill,",
        "3: refil,",
        expect![[r#"
            main_menu.yaml:8:26  F012  key 3 leads to `refil`, which is no step of this flow
                8 |     keys: {1: visits, 3: refil, 5: billing, 6: more}
                  |                          ^^^^^ did you mean `refill` (line 15)?
                  a caller who presses 3 would hear nothing that follows
        "#]],
    );
    edited(
        "main_menu.yaml",
        "3: refill,",
        "3: xyzzy,",
        expect![[r#"
            main_menu.yaml:8:26  F012  key 3 leads to `xyzzy`, which is no step of this flow
                8 |     keys: {1: visits, 3: xyzzy, 5: billing, 6: more}
                  |                          ^^^^^ add the step `xyzzy:`, or name one of: choose, more, visits, refill, billing, referrals, video, website, topics, caregiver, person, nurse, crisis, message, called_number, emergency_exit, return, after_hours, colleague_line, crisis_help, entry, identify, main_menu, my_record, nurse_triage, office_info, optout, survey
                  a caller who presses 3 would hear nothing that follows
        "#]],
    );
    edited(
        "main_menu.yaml",
        "start: choose",
        "start: chose",
        expect![[r#"
            main_menu.yaml:4:8  F117  `chose` is no step of this flow
                4 | start: chose
                  |        ^^^^^ did you mean `choose`?
                  the flow could not begin: the caller would be given a person
        "#]],
    );
    edited(
        "entry.yaml",
        "next: greeting",
        "next: greting",
        expect![[r#"
            entry.yaml:11:48  F010  `greting` is no step of this flow
               11 |   other_language: {language: u.language, next: greting}
                  |                                                ^^^^^^^ did you mean `greeting` (line 12)?
                  after these words the caller would hear nothing more
        "#]],
    );
    edited(
        "main_menu.yaml",
        "exit: refill",
        "exit: refil",
        expect![[r#"
        main_menu.yaml:15:35  F039  the exit `refil` is not listed in clinic.yaml
           15 |   refill: {person: u.agent, exit: refil}
              |                                   ^^^^^ did you mean `refill`?
    "#]],
    );
    edited(
        "main_menu.yaml",
        "flow: main_menu",
        "flow: front",
        expect![[r#"
            main_menu.yaml:1:7  F115  the flow `front` is in a file of another name
                1 | flow: front
                  |       ^^^^^ name the file front.yaml
        "#]],
    );
    with(
        "more.yaml",
        format!("flow: after_hours\nstart: a\nsteps:\n{GOOD}"),
        expect![[r#"
            more.yaml:1:7  F005  the flow `after_hours` is already in after_hours.yaml
                1 | flow: after_hours
                  |       ^^^^^^^^^^^ give one of them another name
            more.yaml:1:7  F115  the flow `after_hours` is in a file of another name
                1 | flow: after_hours
                  |       ^^^^^^^^^^^ name the file after_hours.yaml
        "#]],
    );
    with(
        "person.yaml",
        format!("flow: person\nstart: a\nsteps:\n{GOOD}"),
        expect![[r#"
        person.yaml:1:7  F007  `person` is a destination of every flow
            1 | flow: person
              |       ^^^^^^ give the flow another name
    "#]],
    );
    steps(
        "  a: {menu: vm.closed_now, keys: {1: main_menu}}\n  main_menu: {person: u.agent}",
        expect![[r#"
        after_hours.yaml:5:3  F007  `main_menu` is the name of a flow already
            5 |   main_menu: {person: u.agent}
              |   ^^^^^^^^^ give the step another name, so that everyone can see where a line leads
    "#]],
    );
    steps(
        "  a: {say: u.one_moment}",
        expect![[r#"
        after_hours.yaml:4:3  F014  nothing follows on `a`
            4 |   a: {say: u.one_moment}
              |   ^ add `next: …`, or `end: …` to a `say`
              after these words the caller would hear nothing more
    "#]],
    );
    steps(
        "  a: {menu: vm.closed_now, keys: {0: message, 1: message, 4: message, 9: message, star: message}}",
        expect![[r#"
        after_hours.yaml:4:35  F016  key 0 gets a person, in every flow
            4 |   a: {menu: vm.closed_now, keys: {0: message, 1: message, 4: message, 9: message, star: message}}
              |                                   ^ take the line out; 0 works by itself
              a caller who relies on 0 would land somewhere else
        after_hours.yaml:4:59  F016  key 4 gets the nurse, in every flow
            4 |   a: {menu: vm.closed_now, keys: {0: message, 1: message, 4: message, 9: message, star: message}}
              |                                                           ^ take the line out; 4 works by itself
              a caller who relies on 4 would land somewhere else
        after_hours.yaml:4:71  F016  key 9 gets help in a crisis, in every flow
            4 |   a: {menu: vm.closed_now, keys: {0: message, 1: message, 4: message, 9: message, star: message}}
              |                                                                       ^ take the line out; 9 works by itself
              a caller who relies on 9 would land somewhere else
        after_hours.yaml:4:83  F016  key star repeats what was said, in every flow
            4 |   a: {menu: vm.closed_now, keys: {0: message, 1: message, 4: message, 9: message, star: message}}
              |                                                                                   ^^^^ take the line out; star works by itself
              a caller who relies on star would land somewhere else
    "#]],
    );
}
