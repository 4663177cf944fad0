//! `docs/metrics.md`, in both languages, from the table of metrics.

use std::fmt::Write as _;

use super::about::{ALL, About, Kind, Label};

const ENGLISH: &str = "\
<!-- Generated from crates/api/src/metrics/about.rs; UPDATE_DOCS=1 cargo test -p api metrics_page writes it anew. -->

# Metrics

*[中文](metrics.zh-CN.md) · back to [operations](operations.md) and the [README](../README.md)*

`GET /metrics` on the listener for operations (port 9090), in Prometheus' text format. Each replica counts by
itself, from its start on. No label holds anything about a person, and each has few values; a label of which
nothing has been counted yet is not there. Prometheus 2.42 and VictoriaMetrics 1.79 scrape it in a test
(`just neighbours monitoring`).

";

const CHINESE: &str = "\
<!-- 由 crates/api/src/metrics/about.rs 生成；UPDATE_DOCS=1 cargo test -p api metrics_page 重新写入。 -->

# 指标

*[English](metrics.md) · 回到[运维](operations.zh-CN.md)和 [README](../README.zh-CN.md)*

运维监听端口（9090）上的 `GET /metrics`，Prometheus 文本格式。每个副本从启动起各自计数。标签里没有任何个人信息，取值都很少；
还没有计过数的标签组合不会出现。测试用 Prometheus 2.42 和 VictoriaMetrics 1.79 采集（`just neighbours monitoring`）。

";

/// The page in English, or in Chinese.
pub fn page(is_chinese: bool) -> String {
    let (introduction, heading, footer) = if is_chinese {
        (CHINESE, "| 指标 | 类型 | 标签 | 含义 |", CHINESE_END)
    } else {
        (ENGLISH, "| metric | type | labels | is |", ENGLISH_END)
    };
    let mut page = format!("{introduction}{heading}\n|---|---|---|---|\n");
    for about in ALL {
        row(&mut page, about, is_chinese);
    }
    page.push_str(footer);
    page
}

fn row(page: &mut String, about: &About, is_chinese: bool) {
    let kind = match about.kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
    };
    let label = |label: &Label| {
        if is_chinese {
            format!("`{}`：{}", label.name, label.values_zh)
        } else {
            format!("`{}`: {}", label.name, label.values)
        }
    };
    let labels: Vec<String> = about.labels.iter().map(label).collect();
    let labels = if labels.is_empty() {
        String::from("–")
    } else {
        labels.join(if is_chinese { "；" } else { "; " })
    };
    let help = if is_chinese {
        about.help_zh
    } else {
        about.help
    };
    let name = about.full_name();
    // Writing to a String does not fail.
    let _ = writeln!(page, "| `{name}` | {kind} | {labels} | {help} |");
}

const ENGLISH_END: &str = "
[deploy/prometheus/alerts.yml](../deploy/prometheus/alerts.yml) has alert rules with tests, and
[deploy/grafana](../deploy/grafana) a dashboard. `docker compose --profile observability up` starts Prometheus and
Grafana with both.
";

const CHINESE_END: &str = "
告警规则（附测试）在 [deploy/prometheus/alerts.yml](../deploy/prometheus/alerts.yml)，仪表盘在
[deploy/grafana](../deploy/grafana)。`docker compose --profile observability up` 会启动配好两者的 Prometheus 和 Grafana。
";
