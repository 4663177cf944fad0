//! From OpenMetrics 1.0, which the library writes, to Prometheus' text format 0.0.4.
//!
//! `promtool check metrics` reads the latter alone, VictoriaMetrics asks for it, and Prometheus reads
//! both.

/// The same metrics in the older format: a counter's help and type are under the name that its
/// samples have, and there is no end mark.
pub(super) fn classic(openmetrics: &str) -> String {
    let mut text = String::with_capacity(openmetrics.len());
    let mut lines = openmetrics.lines().peekable();
    while let Some(line) = lines.next() {
        if line == "# EOF" || line.starts_with("# UNIT ") {
            continue;
        }
        let is_of_counter = |line: &str| line.starts_with("# TYPE ") && line.ends_with(" counter");
        let is_counter =
            is_of_counter(line) || lines.peek().is_some_and(|next| is_of_counter(next));
        match line.strip_prefix("# ").filter(|_| is_counter) {
            Some(comment) => push_renamed(&mut text, comment),
            None => text.push_str(line),
        }
        text.push('\n');
    }
    text
}

/// `HELP name …` as `# HELP name_total …`.
fn push_renamed(text: &mut String, comment: &str) {
    let mut words = comment.splitn(3, ' ');
    let mut next = || words.next().unwrap_or_default();
    let (keyword, name, rest) = (next(), next(), next());
    for part in ["# ", keyword, " ", name, "_total ", rest] {
        text.push_str(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_have_their_full_name_and_the_rest_stays() {
        let openmetrics = "\
# HELP logins Logins.
# TYPE logins counter
logins_total{app=\"a\"} 5
# HELP waiting Those who wait.
# TYPE waiting gauge
waiting 2
# HELP ends Ends.
# TYPE ends counter
ends_total 1
# EOF
";
        assert_eq!(
            classic(openmetrics),
            "\
# HELP logins_total Logins.
# TYPE logins_total counter
logins_total{app=\"a\"} 5
# HELP waiting Those who wait.
# TYPE waiting gauge
waiting 2
# HELP ends_total Ends.
# TYPE ends_total counter
ends_total 1
"
        );
    }
}
