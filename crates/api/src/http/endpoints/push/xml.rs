//! WeChat's XML: one element that contains a flat list of elements with text.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, Event};

/// Names and texts of the elements below the outermost. `None` if this is no whole document.
/// The texts of elements further in stand in their parent's text, each with a comma after it.
///
/// Entities that a document declares itself are unknown here, so that it cannot blow itself up.
pub(super) fn elements(text: &str) -> Option<Vec<(String, String)>> {
    let mut reader = Reader::from_str(text);
    let mut elements: Vec<(String, String)> = Vec::new();
    let mut depth = 0_usize;
    loop {
        let piece = match reader.read_event().ok()? {
            Event::Start(start) => {
                depth += 1;
                if depth == 2 {
                    let name = start.local_name().as_ref().to_owned();
                    elements.push((name, String::new()));
                }
                continue;
            }
            Event::End(_) => {
                depth = depth.checked_sub(1)?;
                if depth < 2 {
                    continue;
                }
                String::from(",")
            }
            Event::Eof => return (depth == 0).then_some(elements),
            Event::Text(text) => text.xml10_content().into_owned(),
            Event::CData(text) => text.xml10_content().into_owned(),
            Event::GeneralRef(reference) => resolve(&reference)?,
            Event::Empty(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_) => continue,
        };
        if let Some((_, text)) = elements.last_mut().filter(|_| depth >= 2) {
            text.push_str(&piece);
        }
    }
}

/// `&lt;`, `&#60;` and their kin. A number that is no character becomes U+FFFD.
fn resolve(reference: &BytesRef<'_>) -> Option<String> {
    match reference.resolve_char_ref() {
        Ok(Some(character)) => return Some(character.to_string()),
        Ok(None) => {}
        Err(_) => return Some(char::REPLACEMENT_CHARACTER.to_string()),
    }
    resolve_predefined_entity(&reference.xml10_content()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_put_together_of_its_pieces() {
        let text = "<?xml version=\"1.0\"?>\n<xml>\n <A>1 &lt; <![CDATA[<2>]]>&#33;</A>\n <B/><C><D>x</D>y</C></xml>";
        let expected = [("A", "1 < <2>!"), ("C", "x,y")];
        let expected = expected.map(|(name, text)| (name.to_owned(), text.to_owned()));
        assert_eq!(elements(text).unwrap(), expected);
    }

    #[test]
    fn what_is_cut_off_or_declares_entities_is_refused() {
        for text in [
            "<xml><A>1</A>",
            "<xml><A>1</xml>",
            "<xml><A><![CDATA[1</A></xml>",
            "<!DOCTYPE x [<!ENTITY a \"aaaa\">]><xml><A>&a;</A></xml>",
        ] {
            assert_eq!(elements(text), None, "{text}");
        }
    }
}
