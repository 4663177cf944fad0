//! Tables of the documents in both languages, compared with what the program does.

use std::collections::BTreeSet;

use api::http::ErrorCode;
use api::settings::Settings;
use reqwest::Method;

use crate::stack::{Stack, Store};

/// The two languages, with the headings around the two tables.
const READMES: [(&str, [&str; 3]); 2] = [
    ("README.md", ["## Endpoints", "## Errors", "## Settings"]),
    ("README.zh-CN.md", ["## 接口", "## 错误", "## 配置"]),
];

/// Pages of a browser, which the row of `/docs` covers.
const BELOW_DOCS: [&str; 2] = ["/docs/", "/docs/{file}"];

#[tokio::test]
async fn both_readmes_list_every_endpoint_and_no_other() {
    let stack = Stack::new(Store::Sqlite).await;
    let document = stack.send(Method::GET, "/openapi.json", None, None).await;
    let mut documented = BTreeSet::new();
    for (path, item) in document.body["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            if !BELOW_DOCS.contains(&path.as_str()) {
                documented.insert(format!("{} {path}", method.to_uppercase()));
            }
        }
    }
    for (file, [start, end, _]) in READMES {
        let cells = first_cells(file, start, end);
        let listed: Vec<String> = cells
            .iter()
            .flat_map(|cell| code(cell))
            .filter(|span| span.contains(" /"))
            .flat_map(endpoints)
            .collect();
        let unique: BTreeSet<String> = listed.iter().cloned().collect();
        assert_eq!(listed.len(), unique.len(), "{file} lists an endpoint twice");
        assert_eq!(unique, documented, "{file}");
    }
}

#[test]
fn both_readmes_list_every_error_with_its_status() {
    let expected: BTreeSet<(u16, &str)> = ErrorCode::ALL
        .iter()
        .map(|code| (code.entry().status, code.entry().id))
        .collect();
    for (file, [_, start, end]) in READMES {
        let text = section(file, start, end);
        let rows = text.lines().filter_map(|line| {
            let mut cells = line.split('|').skip(1);
            Some((cells.next()?, cells.next()?))
        });
        let mut listed = BTreeSet::new();
        for (statuses, ids) in rows {
            let statuses: Vec<u16> = statuses
                .split_whitespace()
                .filter_map(|status| status.parse().ok())
                .collect();
            // One status for all ids of the row, or one for each.
            for (index, id) in code(ids).into_iter().enumerate() {
                if let Some(status) = statuses.get(index).or(statuses.first()) {
                    assert!(listed.insert((*status, id.to_owned())), "{file}: {id}");
                }
            }
        }
        let listed: BTreeSet<(u16, &str)> = listed
            .iter()
            .map(|(status, id)| (*status, id.as_str()))
            .collect();
        assert_eq!(listed, expected, "{file}");
    }
}

#[test]
fn both_documents_of_settings_list_every_setting_with_its_default() {
    let with = |setting: Option<(String, String)>| {
        let app = [
            ("WXLOGIN_APP_ID", "wx0123456789abcdef"),
            ("WXLOGIN_APP_SECRET", "0123456789abcdef0123456789abcdef"),
        ];
        let app = app.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let variables = app.into_iter().chain(setting).collect();
        format!("{:#?}", Settings::read(None, &variables).unwrap())
    };
    let default = with(None);
    let names = fields(&default);
    let [english, chinese] = ["docs/settings.md", "docs/settings.zh-CN.md"].map(documented);
    assert_eq!(english, chinese);
    let listed: BTreeSet<String> = english.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(listed, names);
    for (name, value) in english {
        let Some(value) = value else { continue };
        // Without a value the client's own default is used.
        if name == "wechat.base_url" {
            continue;
        }
        let variable = format!("WXLOGIN_{}", name.to_uppercase().replace('.', "__"));
        assert_eq!(with(Some((variable, value))), default, "{name}");
    }
    for readme in ["README.md", "README.zh-CN.md"] {
        for (name, value) in documented(readme) {
            assert!(names.contains(&name), "{readme}: {name}");
            assert!(
                value.is_none() || documented("docs/settings.md").contains(&(name.clone(), value)),
                "{readme}: the default of {name}"
            );
        }
    }
}

/// The settings in the tables of a document, with the default if it is a single value.
fn documented(file: &str) -> Vec<(String, Option<String>)> {
    let rows = text(file);
    let rows = rows.lines().filter(|line| line.starts_with("| `"));
    rows.filter_map(|row| {
        let mut cells = row.split('|').skip(1);
        let name = *code(cells.next()?).first()?;
        let default = cells.next()?.trim();
        let is_one = default.starts_with('`') && default.matches('`').count() == 2;
        let value = (is_one && default.ends_with('`')).then(|| default.replace('`', ""));
        let is_setting = ["apps", "master_key"].contains(&name)
            || name.contains('.') && !name.contains(['/', ' ']);
        is_setting.then(|| (name.to_owned(), value))
    })
    .collect()
}

/// The paths of the fields in the `Debug` output of `Settings`, down to the second level.
fn fields(debug: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut section = "";
    for line in debug.lines() {
        let name = line.trim_start();
        let depth = line.len() - name.len();
        let Some((name, value)) = name.split_once(": ") else {
            continue;
        };
        match depth {
            4 if value.ends_with('{') => section = name,
            4 => {
                found.insert(name.to_owned());
            }
            8 => {
                found.insert(format!("{section}.{name}"));
            }
            _ => {}
        }
    }
    found
}

fn text(file: &str) -> String {
    let path = format!("{}/../../{file}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

/// The text between two headings.
fn section(file: &str, start: &str, end: &str) -> String {
    let text = text(file);
    let (_, rest) = text.split_once(&format!("\n{start}\n")).unwrap();
    let (section, _) = rest.split_once(&format!("\n{end}\n")).unwrap();
    section.to_owned()
}

/// The first cell of each row of the tables in a section.
fn first_cells(file: &str, start: &str, end: &str) -> Vec<String> {
    let text = section(file, start, end);
    let rows = text.lines().filter(|line| line.starts_with('|'));
    rows.filter_map(|row| row.split('|').nth(1).map(str::to_owned))
        .collect()
}

/// The code spans of a text.
fn code(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// `GET, POST /a?b=` is `GET /a` and `POST /a`.
fn endpoints(span: &str) -> Vec<String> {
    let (methods, path) = span.split_once(" /").unwrap();
    let path = path.split('?').next().unwrap();
    let methods = methods.split(", ");
    methods.map(|method| format!("{method} /{path}")).collect()
}
