//! Tables, in Markdown.

use std::fmt::Write;

use crate::compare::Costs;
use crate::measurement::Cost;

/// The table of a comparison: medians over the rounds; ratios to the row `measure`.
pub(crate) fn comparison(title: &str, costs: &[Costs], measure: usize) -> String {
    let measure = costs
        .get(measure)
        .map_or(f64::NAN, |costs| rate(&costs.rounds));
    let mut table = format!(
        "\n### {title}\n\n| | per second | ratio | p50 ms | p99 ms | its CPU µs | PostgreSQL's CPU µs | memory MB |\n|---|---|---|---|---|---|---|---|\n"
    );
    for Costs { name, rounds } in costs {
        let rate = rate(rounds);
        let database = rounds
            .iter()
            .map(|cost| cost.database_us)
            .collect::<Option<Vec<_>>>()
            .map_or_else(|| String::from("–"), |each| format!("{:.0}", median(each)));
        // Writing into a String cannot fail.
        let _ = writeln!(
            table,
            "| {name} | {rate:.0} | {:.2} | {:.2} | {:.2} | {:.1} | {database} | {:.1} |",
            rate / measure,
            of(rounds, |cost| cost.tally.quantile_ms(0.5)),
            of(rounds, |cost| cost.tally.quantile_ms(0.99)),
            of(rounds, |cost| cost.service_us),
            of(rounds, |cost| megabytes(cost.memory)),
        );
    }
    let load = costs.iter().flat_map(|costs| &costs.rounds);
    let load = median(load.map(|cost| cost.load_us).collect());
    let _ = writeln!(table, "\nThe load generator took {load:.1} µs a request.");
    table
}

/// What `ours` needs in relation to `other`, round by round.
pub(crate) fn ratios(ours: &Costs, other: &Costs) -> String {
    let ratio = |figure: &dyn Fn(&Cost) -> f64| {
        let pairs = ours.rounds.iter().zip(&other.rounds);
        median(
            pairs
                .map(|(ours, other)| figure(ours) / figure(other))
                .collect(),
        )
    };
    let database = ratio(&|cost| cost.database_us.unwrap_or(f64::NAN));
    let database = if database.is_nan() {
        String::new()
    } else {
        format!(", {database:.2} × PostgreSQL's CPU")
    };
    format!(
        "{} to {}: {:.2} × the throughput, {:.2} × the service's CPU{database}, {:.2} × the memory, \
         {:.2} × p50, {:.2} × p99 (medians of the ratios of the rounds).",
        ours.name,
        other.name,
        ratio(&|cost| cost.tally.rate()),
        ratio(&|cost| cost.service_us),
        ratio(&|cost| megabytes(cost.memory)),
        ratio(&|cost| cost.tally.quantile_ms(0.5)),
        ratio(&|cost| cost.tally.quantile_ms(0.99)),
    )
}

/// Bytes in MB.
pub(crate) fn megabytes(bytes: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let bytes = bytes as f64;
    bytes / 1e6
}

fn rate(rounds: &[Cost]) -> f64 {
    of(rounds, |cost| cost.tally.rate())
}

/// The median of a figure over the rounds.
pub(crate) fn of(rounds: &[Cost], figure: impl Fn(&Cost) -> f64) -> f64 {
    median(rounds.iter().map(figure).collect())
}

/// The middle one.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}
