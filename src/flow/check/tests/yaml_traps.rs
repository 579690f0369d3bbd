//! What YAML itself makes of a line: keys that vanish, aliases, tags, and what is no YAML at all.

use super::*;

pub fn yaml_traps() {
    steps(
        "  a:\n    menu: vm.closed_now\n    keys:\n      1: message\n      #: wait",
        expect![[r#"
        after_hours.yaml:8:7  Y012  the line `#: wait` is a comment, so it vanishes
            8 |       #: wait
              |       ^^^^^^^ the pound key is written `pound`
              a caller who presses pound would get more time and nothing else
    "#]],
    );
    steps(
        "  a:\n    menu: vm.closed_now\n    keys:\n      1: message\n      *: wait",
        expect![[r#"
            after_hours.yaml:8:7  Y013  `*` begins a YAML alias, so the star key cannot be written so
                8 |       *: wait
                  |       ^ the star key is written `star`; it repeats what was said, everywhere
        "#]],
    );
    steps(
        "  a: {menu: vm.closed_now, keys: {1: message, *: wait}}",
        expect![[r#"
            after_hours.yaml:4:47  Y013  `*` begins a YAML alias, so the star key cannot be written so
                4 |   a: {menu: vm.closed_now, keys: {1: message, *: wait}}
                  |                                               ^^ the star key is written `star`; it repeats what was said, everywhere
            after_hours.yaml:4:50  Y004  this is no YAML: while parsing a flow mapping, did not find expected ',' or '}'
                4 |   a: {menu: vm.closed_now, keys: {1: message, *: wait}}
                  |                                                  ^ compare with a line above that is right; put texts in quotation marks
        "#]],
    );
    steps(
        "  a: {menu: vm.closed_now, keys: {1: message, '#': wait, '*': wait, A: wait}}",
        expect![[r#"
            after_hours.yaml:4:47  F111  `#` is no key of a telephone
                4 |   a: {menu: vm.closed_now, keys: {1: message, '#': wait, '*': wait, A: wait}}
                  |                                               ^^^ write `pound`
            after_hours.yaml:4:58  F111  `*` is no key of a telephone
                4 |   a: {menu: vm.closed_now, keys: {1: message, '#': wait, '*': wait, A: wait}}
                  |                                                          ^^^ write `star`
            after_hours.yaml:4:69  F110  `A` is no key of a telephone
                4 |   a: {menu: vm.closed_now, keys: {1: message, '#': wait, '*': wait, A: wait}}
                  |                                                                     ^ may stand here: 1, 2, 3, 5, 6, 7, 8
        "#]],
    );
    steps(
        "  a: {menu: vm.closed_now, keys: {1: message, '1': nurse, 01: crisis}}",
        expect![[r#"
            after_hours.yaml:4:47  Y011  `1` stands here for the second time
                4 |   a: {menu: vm.closed_now, keys: {1: message, '1': nurse, 01: crisis}}
                  |                                               ^^^ keep one of them; the first is in line 4
            after_hours.yaml:4:59  F112  key 1 stands here for the second time
                4 |   a: {menu: vm.closed_now, keys: {1: message, '1': nurse, 01: crisis}}
                  |                                                           ^^ keep one of them; the first is in line 4
                  of two meanings a caller would get only one
        "#]],
    );
    steps(
        "  a: {menu: vm.closed_now, keys: {1: !known message}}",
        expect![[r#"
        after_hours.yaml:4:45  Y007  a word that begins with ! is a YAML tag
            4 |   a: {menu: vm.closed_now, keys: {1: !known message}}
              |                                             ^^^^^^^ take it out, or put the text in quotation marks
    "#]],
    );
    steps(
        "  a: &here {menu: vm.closed_now, keys: {1: message}}\n  b: *here",
        expect![[r#"
            after_hours.yaml:4:12  Y008  a word that begins with & is a YAML anchor
                4 |   a: &here {menu: vm.closed_now, keys: {1: message}}
                  |            ^ take it out, or put the text in quotation marks
            after_hours.yaml:5:6  Y019  `*here` is a YAML alias: it would repeat another part of the file
                5 |   b: *here
                  |      ^^^^^ write the value out; the star key is written `star`
        "#]],
    );
    steps(
        "  a: {menu: vm.closed_now, keys: {1: message}, <<: {first_key: 9 s}}",
        expect![[r#"
        after_hours.yaml:4:48  Y009  `<<` would mix another part of the file in here
            4 |   a: {menu: vm.closed_now, keys: {1: message}, <<: {first_key: 9 s}}
              |                                                ^^ write the names and values out
    "#]],
    );
    steps(
        "  a: {menu: vm.closed_now, keys: {1: message}}\n---\nflow: other",
        expect![[r#"
        after_hours.yaml:5:1  Y010  a second document begins here
            5 | ---
              | ^^^ keep one document in a file
    "#]],
    );
    steps(
        "%YAML 1.2\n---\na: b",
        expect![[r#"
            after_hours.yaml:4:1  Y015  a line that begins with % is a YAML directive
                4 | %YAML 1.2
                  | ^ take it out
        "#]],
    );
    steps(
        "\ta: {menu: vm.closed_now, keys: {1: message}}",
        expect![[r#"
            after_hours.yaml:4:1  Y005  a tab stands where YAML wants spaces
                4 | →a: {menu: vm.closed_now, keys: {1: message}}
                  | ^ put spaces in its place
        "#]],
    );
    steps(
        "  a:\n    menu: vm.closed_now\n\tkeys: {1: message}",
        expect![[r#"
            after_hours.yaml:6:1  Y005  a tab stands where YAML wants spaces
                6 | →keys: {1: message}
                  | ^ put spaces in its place
        "#]],
    );
    steps(
        "  a: {menu: \"vm.closed_now, keys: {1: message}}",
        expect![[r#"
            after_hours.yaml:4:13  Y006  a quotation mark is not closed
                4 |   a: {menu: "vm.closed_now, keys: {1: message}}
                  |             ^ close it where the text ends
        "#]],
    );
    steps(
        "  a: {menu: vm.closed_now, keys: {1: message}",
        expect![[r#"
            after_hours.yaml:4:6  Y018  the bracket `{` is not closed
                4 |   a: {menu: vm.closed_now, keys: {1: message}
                  |      ^ close it with `}`
        "#]],
    );
    steps(
        "  a: menu: vm.closed_now",
        expect![[r#"
            after_hours.yaml:4:10  Y004  this is no YAML: mapping values are not allowed in this context
                4 |   a: menu: vm.closed_now
                  |          ^ compare with a line above that is right; put texts in quotation marks
        "#]],
    );
    steps(
        "  a:\n    menu: vm.closed_now\n   keys: {1: message}",
        expect![[r#"
            after_hours.yaml:6:4  Y004  this is no YAML: while parsing a block mapping, did not find expected key
                6 |    keys: {1: message}
                  |    ^ begin the line under its neighbours; a text with `: ` needs quotation marks
        "#]],
    );
    edited(
        "prompts.yaml",
        "\"One moment, please.\"",
        "Press # now",
        expect![[r#"
            prompts.yaml:43:7  Y014  ` #` begins a comment and cuts this text off
               43 |   en: Press # now
                  |       ^^^^^ put the whole text in quotation marks, or the comment on a line of its own
                  only this would be left: "Press"
        "#]],
    );
    edited(
        "clinic.yaml",
        "clinic: Riverside Clinic",
        "clinic: Riverside # Clinic",
        expect![[r#"
        clinic.yaml:2:9  Y014  ` #` begins a comment and cuts this text off
            2 | clinic: Riverside # Clinic
              |         ^^^^^^^^^ put the whole text in quotation marks, or the comment on a line of its own
              only this would be left: "Riverside"
    "#]],
    );
    edited(
        "clinic.yaml",
        "tries: 2 ",
        "tries: 2\ntries: 3",
        expect![[r#"
            clinic.yaml:31:1  Y011  `tries` stands here for the second time
               31 | tries: 3                      # silences or wrong keys in a menu, then a person
                  | ^^^^^ keep one of them; the first is in line 30
        "#]],
    );
    with(
        "after_hours.yaml",
        "",
        expect![[r#"
            after_hours.yaml  Y016  the file is empty
                  delete it, or write what belongs here
        "#]],
    );
    with(
        "after_hours.yaml",
        "# nothing\n",
        expect![[r#"
            after_hours.yaml  Y016  the file is empty
                  delete it, or write what belongs here
        "#]],
    );
    with(
        "after_hours.yaml",
        b"flow: after_hours\nstart: \xff\n",
        expect![[r#"
            after_hours.yaml:2:8  Y001  the octet 0xff is no UTF-8 text
                2 | start: �
                  |        ^ save the file as UTF-8 in your editor
        "#]],
    );
    with(
        "after_hours.yaml",
        "[".repeat(64),
        expect![[r#"
            after_hours.yaml:1:33  Y003  values are nested too deep
                1 | [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[
                  |                                 ^ at most 32 levels are read; no flow needs more than five
        "#]],
    );
    with(
        "after_hours.yaml",
        "a: ".repeat(64),
        expect![[r#"
            after_hours.yaml:1:5  Y004  this is no YAML: mapping values are not allowed in this context
                1 | a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: 
                  |     ^ compare with a line above that is right; put texts in quotation marks
        "#]],
    );
    with(
        "after_hours.yaml",
        vec![b' '; crate::limits::FLOW_FILE_MAX_OCTETS + 1],
        expect![[r#"
            after_hours.yaml  Y002  the file has 1048577 octets
                  split it: at most 1048576 are read
        "#]],
    );
}
