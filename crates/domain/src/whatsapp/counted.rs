//! How many updates a notification has, counted over a tree and by nothing of the parser's: what the
//! property tests and the fuzz target hold the parser to. This file is compiled into both.

use serde_json::Value;

/// How many updates and refused ones a body must give; `None` where it is no notification. Only for
/// bodies that serde_json makes a tree of.
pub fn updates(document: &Value) -> Option<usize> {
    if document.get("object")?.as_str()? != "whatsapp_business_account" {
        return None;
    }
    let entries = document.get("entry")?.as_array()?;
    Some(entries.iter().map(of_entry).sum())
}

fn of_entry(entry: &Value) -> usize {
    let changes = entry.get("changes").and_then(Value::as_array).filter(|list| !list.is_empty());
    // What has no changes is refused as one.
    changes.map_or(1, |changes| changes.iter().map(of_change).sum())
}

fn of_change(change: &Value) -> usize {
    let lists: &[&str] = match change.get("field").and_then(Value::as_str) {
        Some("messages") => &["messages", "statuses"],
        Some("smb_message_echoes") => &["message_echoes"],
        _ => &[],
    };
    let elements = |list: &&str| change.get("value")?.get(list)?.as_array().map(Vec::len);
    lists.iter().filter_map(elements).sum::<usize>().max(1)
}
