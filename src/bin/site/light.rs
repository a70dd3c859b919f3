//! Scripts, style sheets and pages without what only their readers need: `esbuild` writes scripts and
//! style sheets as short as they can be; of pages, comments go.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::Result;

/// Makes all of them shorter; without `esbuild`, pages only.
pub fn all(files: &mut BTreeMap<String, Vec<u8>>, esbuild: Option<&Path>) -> Result<()> {
    for (name, bytes) in files {
        let shorter = match (name.rsplit('.').next(), esbuild) {
            (Some("js" | "mjs"), Some(esbuild)) => minified(bytes, "js", esbuild),
            (Some("css"), Some(esbuild)) => minified(bytes, "css", esbuild),
            (Some("html"), _) => std::str::from_utf8(bytes)
                .map_err(Into::into)
                .and_then(uncommented)
                .map(String::into_bytes),
            _ => continue,
        };
        *bytes = shorter.map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(())
}

fn minified(bytes: &[u8], loader: &str, esbuild: &Path) -> Result<Vec<u8>> {
    let mut command = Command::new(esbuild);
    command.args(["--minify", "--charset=utf8", "--log-level=error", "--legal-comments=inline"]);
    command.arg(format!("--loader={loader}")).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn()?;
    let mut input = child.stdin.take().ok_or("no way in")?;
    let output = std::thread::scope(|scope| {
        // It reads all before it writes, but who knows for how long.
        scope.spawn(move || input.write_all(bytes));
        child.wait_with_output()
    })?;
    match output.status.success() {
        true => Ok(output.stdout),
        false => Err(format!("{} failed: {}", esbuild.display(), output.status).into()),
    }
}

/// A page without its comments. What looks like one within a script or a style is an error.
fn uncommented(page: &str) -> Result<String> {
    let mut out = String::with_capacity(page.len());
    let mut rest = page;
    while let Some((before, comment)) = rest.split_once("<!--") {
        for [open, close] in [["<script", "</script"], ["<style", "</style"]] {
            if before.matches(open).count() != before.matches(close).count() {
                return Err(format!("there is \"<!--\" within {open}>").into());
            }
        }
        let (_, after) = comment.split_once("-->").ok_or("a comment has no end")?;
        out.push_str(before);
        // A line that has nothing else goes too.
        let alone = out.ends_with('\n') && after.starts_with('\n');
        rest = if alone { &after[1..] } else { after };
    }
    Ok(out + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_go_and_nothing_else() {
        let page = "<p>\n<!-- why,\n and how -->\n<b>a<!-- x --> b</b>\n<script>1</script>";
        assert_eq!(uncommented(page).expect("a page"), "<p>\n<b>a b</b>\n<script>1</script>");
        for odd in ["<script>\"<!--\"</script> -->", "<style><!-- --></style>", "<p><!-- open"] {
            assert!(uncommented(odd).is_err(), "{odd}");
        }
    }
}
