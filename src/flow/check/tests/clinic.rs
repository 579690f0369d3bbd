//! `clinic.yaml`: numbers, languages, targets and exits, and the files that every flow set needs.

use super::*;

pub fn clinic() {
    edited(
        "clinic.yaml",
        "default: main_menu",
        "default: entry",
        expect![[r#"
            clinic.yaml:7:10  F119  every call begins with `entry`; a number leads to what follows
                7 | default: entry             # then a number that is not listed below leads here
                  |          ^^^^^ name the flow that the caller hears after it
                  the first words again and again
        "#]],
    );
    edited(
        "clinic.yaml",
        "default: main_menu",
        "default: main_meny",
        expect![[r#"
        clinic.yaml:7:10  F036  there is no flow `main_meny`
            7 | default: main_meny             # then a number that is not listed below leads here
              |          ^^^^^^^^^ did you mean `main_menu`?
              who calls this number could not be answered
    "#]],
    );
    edited(
        "clinic.yaml",
        "urgent_flows: [crisis_help]",
        "urgent_flows: [crisis_halp]",
        expect![[r#"
            clinic.yaml:27:16  F036  there is no flow `crisis_halp`
               27 | urgent_flows: [crisis_halp]    # their callers are refused last when there are more than the engine can serve
                  |                ^^^^^^^^^^^ did you mean `crisis_help`?
                  who calls this number could not be answered
        "#]],
    );
    edited(
        "clinic.yaml",
        "100: main_menu",
        "'1-00 0': main_menu\n  1000: main_menu\n  a/b: main_menu",
        expect![[r#"
            clinic.yaml:19:3  F120  the number 1000 stands here for the second time
               19 |   1000: main_menu
                  |   ^^^^ keep one of them; the first is in line 18
            clinic.yaml:20:3  F037  `a/b` is no called number
               20 |   a/b: main_menu               # for trying it out: sip:100@this-machine
                  |   ^^^ write it as the carrier sends it, such as "+16175550100"
        "#]],
    );
    edited(
        "clinic.yaml",
        "languages: [en, es]",
        "languages: [en, fr]",
        expect![[r#"
            clinic.yaml:3:17  F038  `fr` is no other language that flows speak
                3 | languages: [en, fr]            # the first is spoken until the caller presses 2 for the second
                  |                 ^^ write one of en, es, or add a file languages/NAME.yaml beside the flows
        "#]],
    );
    edited(
        "clinic.yaml",
        "locale: us",
        "locale: uk",
        expect![[r#"
            clinic.yaml:4:9  F107  `uk` is no locale
                4 | locale: uk                     # emergency number 9 1 1
                  |         ^^ may stand here: us
        "#]],
    );
    edited(
        "clinic.yaml",
        "recording: on ",
        "recording: yes ",
        expect![[r#"
            clinic.yaml:31:12  F107  `yes` is no choice for recording
               31 | recording: yes                  # after the notice, before the first person; 7 means no
                  |            ^^^ may stand here: on, off
        "#]],
    );
    edited(
        "clinic.yaml",
        "sip:front-desk@127.0.0.1:5070",
        "front-desk@127.0.0.1",
        expect![[r#"
            clinic.yaml:34:12  F035  `front-desk@127.0.0.1` cannot be called: it does not begin with `sip:`
               34 |   - {call: "front-desk@127.0.0.1", ring: 25 s}
                  |            ^^^^^^^^^^^^^^^^^^^^^^ write it as sip:NAME@HOST or sip:NAME@HOST:PORT
                  a caller who asks for a person would not reach this one
        "#]],
    );
    edited(
        "clinic.yaml",
        "tries: 2",
        "tries: 6",
        expect![[r#"
            clinic.yaml:30:8  F108  `6` is no number of tries
               30 | tries: 6                       # silences or wrong keys in a menu, then a person
                  |        ^ write a whole number from 1 to 5
        "#]],
    );
    edited(
        "clinic.yaml",
        "promise: 1 working day}\n",
        "promise: 1 working day}\n  - {call: \"sip:nurse@127.0.0.1\"}\n",
        expect![[r#"
            clinic.yaml:35:5  F118  a message stands before the last rung
               35 |   - {message: vm.record_now, saved: vm.saved_next_day, promise: 1 working day}
                  |     ^ make it the last rung
                  the persons after it would never be called
            clinic.yaml:36:5  F034  the last rung calls somebody, who may not answer
               36 |   - {call: "sip:nurse@127.0.0.1"}
                  |     ^ add `- {message: …, saved: …, promise: 1 working day}`
                  a caller whom nobody answers would be left without a way to be called back
        "#]],
    );
    edited(
        "clinic.yaml",
        "ring: 25 s",
        "ring: 25",
        expect![[r#"
            clinic.yaml:34:51  F109  `25` is no time to ring
               34 |   - {call: "sip:front-desk@127.0.0.1:5070", ring: 25}
                  |                                                   ^^ write seconds from 5 to 120, such as `8 s`
        "#]],
    );
    edited(
        "clinic.yaml",
        "promise: 1 working day",
        "promise: soon",
        expect![[r#"
            clinic.yaml:35:65  F004  `soon` is no promise
               35 |   - {message: vm.record_now, saved: vm.saved_next_day, promise: soon}
                  |                                                                 ^^^^ write `1 working day` up to `10 working days`, as the prompt says it
        "#]],
    );
    edited(
        "clinic.yaml",
        "  - {message: vm.record_now, saved: vm.saved_next_day, promise: 1 working day}\n",
        "",
        expect![[r#"
            clinic.yaml:34:5  F034  the last rung calls somebody, who may not answer
               34 |   - {call: "sip:front-desk@127.0.0.1:5070", ring: 25 s}
                  |     ^ add `- {message: …, saved: …, promise: 1 working day}`
                  a caller whom nobody answers would be left without a way to be called back
        "#]],
    );
    edited(
        "clinic.yaml",
        "  - {call: \"sip:front-desk@127.0.0.1:5070\", ring: 25 s}\n",
        "",
        expect![[r#"
            clinic.yaml:34:3  F033  the person ladder needs at least two rungs
               34 |   - {message: vm.record_now, saved: vm.saved_next_day, promise: 1 working day}
                  |   ^ name a person to call, then a message
                  a caller whom nobody answers would be left without a way to be called back
        "#]],
    );
    edited(
        "clinic.yaml",
        "ring: 25 s}",
        "ring: 25 s, keys: {es: dos}}",
        expect![[r#"
        clinic.yaml:34:68  F197  `dos` is nothing that can be pressed
           34 |   - {call: "sip:front-desk@127.0.0.1:5070", ring: 25 s, keys: {es: dos}}
              |                                                                    ^^^ write up to 17 of 0 to 9, * and #, in quotes: "2"
              the menu of who is called in another language than his
    "#]],
    );
    edited(
        "clinic.yaml",
        "exits: ",
        "exits: {}\nexists: ",
        expect![[r#"
            clinic.yaml:38:1  F001  `exists` means nothing in clinic.yaml
               38 | exists:                         # how calls end, for the reports; the ladder's own need no line here
                  | ^^^^^^ did you mean `exits`?
            colleague_line.yaml:10:38  F039  the exit `colleague_pharmacy` is not listed in clinic.yaml
               10 |   pharmacy: {person: cl.staff, exit: colleague_pharmacy}
                  |                                      ^^^^^^^^^^^^^^^^^^ add `colleague_pharmacy: …` under `exits`
            colleague_line.yaml:11:38  F039  the exit `colleague_hospital` is not listed in clinic.yaml
               11 |   hospital: {person: cl.staff, exit: colleague_hospital}
                  |                                      ^^^^^^^^^^^^^^^^^^ add `colleague_hospital: …` under `exits`
            colleague_line.yaml:12:36  F039  the exit `colleague_doctor` is not listed in clinic.yaml
               12 |   doctor: {person: cl.staff, exit: colleague_doctor}
                  |                                    ^^^^^^^^^^^^^^^^ add `colleague_doctor: …` under `exits`
            identify.yaml:32:36  F039  the exit `record` is not listed in clinic.yaml
               32 |   unknown: {person: id.fail, exit: record}
                  |                                    ^^^^^^ add `record: …` under `exits`
            identify.yaml:33:35  F039  the exit `record` is not listed in clinic.yaml
               33 |   other: {person: id.other, exit: record}
                  |                                   ^^^^^^ add `record: …` under `exits`
            main_menu.yaml:14:35  F039  the exit `visits` is not listed in clinic.yaml
               14 |   visits: {person: u.agent, exit: visits}
                  |                                   ^^^^^^ add `visits: …` under `exits`
            main_menu.yaml:15:35  F039  the exit `refill` is not listed in clinic.yaml
               15 |   refill: {person: u.agent, exit: refill}
                  |                                   ^^^^^^ add `refill: …` under `exits`
            main_menu.yaml:16:36  F039  the exit `billing` is not listed in clinic.yaml
               16 |   billing: {person: u.agent, exit: billing}
                  |                                    ^^^^^^^ add `billing: …` under `exits`
            main_menu.yaml:17:38  F039  the exit `referrals` is not listed in clinic.yaml
               17 |   referrals: {person: u.agent, exit: referrals}
                  |                                      ^^^^^^^^^ add `referrals: …` under `exits`
            main_menu.yaml:18:34  F039  the exit `video` is not listed in clinic.yaml
               18 |   video: {person: u.agent, exit: video}
                  |                                  ^^^^^ add `video: …` under `exits`
            main_menu.yaml:19:36  F039  the exit `website` is not listed in clinic.yaml
               19 |   website: {person: u.agent, exit: website}
                  |                                    ^^^^^^^ add `website: …` under `exits`
            main_menu.yaml:20:35  F039  the exit `topics` is not listed in clinic.yaml
               20 |   topics: {person: u.agent, exit: topics}
                  |                                   ^^^^^^ add `topics: …` under `exits`
            main_menu.yaml:21:38  F039  the exit `caregiver` is not listed in clinic.yaml
               21 |   caregiver: {person: u.agent, exit: caregiver}
                  |                                      ^^^^^^^^^ add `caregiver: …` under `exits`
            my_record.yaml:16:34  F039  the exit `informed` is not listed in clinic.yaml
               16 |   goodbye: {say: u.goodbye, end: informed}
                  |                                  ^^^^^^^^ add `informed: …` under `exits`
            office_info.yaml:18:34  F039  the exit `informed` is not listed in clinic.yaml
               18 |   goodbye: {say: u.goodbye, end: informed}
                  |                                  ^^^^^^^^ add `informed: …` under `exits`
            optout.yaml:25:34  F039  the exit `optout` is not listed in clinic.yaml
               25 |   goodbye: {say: u.goodbye, end: optout}
                  |                                  ^^^^^^ add `optout: …` under `exits`
            survey.yaml:23:33  F039  the exit `unhappy` is not listed in clinic.yaml
               23 |   tell: {person: u.agent, exit: unhappy}
                  |                                 ^^^^^^^ add `unhappy: …` under `exits`
            survey.yaml:30:34  F039  the exit `survey` is not listed in clinic.yaml
               30 |   goodbye: {say: u.goodbye, end: survey}
                  |                                  ^^^^^^ add `survey: …` under `exits`
        "#]],
    );
    expect![[r#"
        clinic.yaml  F006  the flows have no clinic.yaml
              copy clinic.yaml from the shipped flows beside them and change it
              no call could be answered
        prompts.yaml  F006  the flows have no prompts.yaml
              copy prompts.yaml from the shipped flows beside them and change it
              no call could be answered
    "#]]
    .assert_eq(&render(&load(&[("clinic.yaml", None), ("prompts.yaml", None)])));
}
