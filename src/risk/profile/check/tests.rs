//! What expressions may be made of, and where they are told that they are wrong.

use crate::risk::profile::expression::Expression;

#[test]
fn what_profiles_are_made_of_is_taken() {
    for text in [
        "true",
        "notification != null && notification.empty",
        "has(notification.tare_kg) && measured.gross_kg - notification.tare_kg > 300",
        "measured.gross_kg > notification.tare_kg + 300.0",
        "measured.gross_kg > 1 || measured.gross_kg == 2",
        "now - notification.submitted_at < duration('2h')",
        "now + duration('2h') > notification.expected_at",
        "now < timestamp('2027-01-01T00:00:00Z')",
        "now.getHours('Asia/Almaty') < 6 || now.getDayOfWeek() == 0",
        "declaration.kind in ['tir', 'transit']",
        "'aeo' in carrier.roles",
        "parties.exists(p, p.roles.exists(r, r == 'aeo'))",
        "parties.filter(p, p.status != 'active').exists(p, 'carrier' in p.roles)",
        "size(notification.goods.filter(g, g.gross_kg > 100.0)) > 2",
        "notification.goods.map(g, g.code).size() > 3 && '870323' in notification.goods.map(g, g.code)",
        "notification.goods.exists_one(g, g.code.startsWith('87'))",
        "findings.exists(f, f.code == 'weight_discrepancy' && f.severity != 'info')",
        "measured.axles_kg[0] > 7000.0",
        "(direction == 'entry' ? 1 : 2) == 1",
        "lane != null && lane == 'in-01'",
        "-1 < 2 && 5 % 2 == 1 && double(5) / 2.0 > 2.0",
        "vehicle.tractor == notification.vehicle.tractor.plate",
        "notification.carrier.name.contains('LLC') && !(kind == 'arrival')",
        "[1, 2, 3].exists(n, size(notification.seals) == n)",
    ] {
        assert!(Expression::parse(text).is_ok(), "{text}: {:?}", Expression::parse(text));
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (text, at, message) in [
        ("notifcation.empty", 0, "there is no variable `notifcation`; did you mean `notification`?"),
        ("true && notification.tarre_kg > 1.0", 20, "no field `tarre_kg`; did you mean `tare_kg`?"),
        ("!has(notification.tarre_kg)", 1, "no field `tarre_kg`"),
        ("false && declaration.status == 'suspendd'", 31, "\"suspendd\" is never there; one of lodged, registered"),
        ("'cariers' in carrier.roles", 0, "\"cariers\" is never there"),
        ("declaration.kind in ['tir', 'atr']", 28, "\"atr\" is never there"),
        ("measured.gross_kg > notification.tare_kg + 300", 41, "write 300.0 for 300"),
        ("measured.gross_kg > 'heavy'", 18, "has no order with a text"),
        ("notification.empty == 1", 19, "true or false is never equal to a whole number"),
        ("notification.empty", usize::MAX, ""),
        ("notification.gross_kg", 12, "true or false is expected, this is a decimal number"),
        ("now - 5 > now", 4, "can not be reckoned with so"),
        ("notification.tare_kg == null", 21, "ask has(….tare_kg)"),
        ("now == null", 4, "never null"),
        ("notification.goods.exists(g, g.cod == '1')", 30, "no field `cod`; did you mean `code`?"),
        ("notification.empty.exists(x, true)", 12, "a list is expected"),
        ("parties.map(p, p.id).exists(i, i == 'x')", 11, "can be gone through"),
        ("(parties + parties).exists(p, true)", 9, "can be gone through"),
        ("size(parties + parties) > 1", 13, "lists can not be added"),
        ("parties.exists(now, true)", 14, "choose another name"),
        ("parties.exists(a, parties.exists(b, parties.exists(c, true)))", 50, "more than 2 loops within each other"),
        ("vehicle.tractor.matches('1.*')", 23, "there is no function `matches`"),
        ("vehicle.tractor.startWith('1')", 25, "did you mean `startsWith`?"),
        ("startsWith('a', 'b')", 0, "startsWith() can not be used so"),
        ("{'a': 1}.a == 1", 0, "no map"),
        ("b'x' == b'x'", 0, "no bytes"),
        ("[1, 'a'] == [1, 'a']", 4, "of one kind"),
        ("carrier == carrier", 8, "is never equal"),
        ("1 +", 3, "mismatched input"),
        ("a ? b", 5, ""),
        ("notification.empty &&\n  measured.gros_kg > 1.0", 32, "did you mean `gross_kg`?"),
        ("", 0, "expecting expression"),
    ] {
        match Expression::parse(text) {
            Ok(_) => assert_eq!(at, usize::MAX, "{text}"),
            Err(fault) => {
                assert!(fault.message.contains(message), "{text}: {fault:?}");
                assert_eq!(fault.at, at, "{text}: {fault:?}");
            }
        }
    }
}

#[test]
fn what_is_too_long_or_too_deep_is_refused() {
    let too_long = format!("{} true", " ".repeat(5_000));
    let too_deep = format!("{}1{} > 0", "(1 + ".repeat(50), ")".repeat(50));
    let too_many = vec!["1 == 1"; 500].join(" && ");
    for text in [too_long, too_deep, too_many] {
        let fault = Expression::parse(&text).expect_err("refused");
        assert!(["bytes", "nodes", "recursion"].iter().any(|why| fault.message.contains(why)), "{fault:?}");
    }
}
