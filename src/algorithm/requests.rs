//! Reading a trace: one key a line, or a table with a key column. Keys become dense ids in the
//! order of their first appearance, so that whatever follows works on numbers.

use twox_hash::XxHash64;

use crate::algorithm::eviction::Trace;

/// A line may be this long; what is longer is no trace.
const LINE_MAX: usize = 1 << 20;

/// Which column has the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// By name, or by number from 1.
    Told(String),
    /// By its place from 0, whatever it is called.
    At(usize),
}

/// What a trace's lines mean.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// The key's column; none: the whole line is the key.
    pub column: Option<Column>,
    /// The column with the size of the value; none: sizes are not told.
    pub size_column: Option<String>,
    /// What is between columns; none: the first of comma, tab, semicolon, space in the first line.
    pub delimiter: Option<u8>,
    /// Whether the first line names the columns, even if they are given by number.
    pub header: bool,
}

/// Names of things as dense numbers.
#[derive(Default)]
struct Interner {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// Ids by hash, linear probing; `u32::MAX` is free. A power of two, at most half full.
    table: Vec<u32>,
}

impl Interner {
    fn name(&self, id: u32) -> &[u8] {
        let at = id as usize;
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.bytes[start..self.ends[at]]
    }

    /// The place where a name is, or belongs.
    fn place(&self, name: &[u8]) -> usize {
        let mask = self.table.len() - 1;
        let mut at = XxHash64::oneshot(0, name) as usize & mask;
        while self.table[at] != u32::MAX && self.name(self.table[at]) != name {
            at = (at + 1) & mask;
        }
        at
    }

    fn id(&mut self, name: &[u8]) -> Option<u32> {
        if self.ends.len() * 2 >= self.table.len() {
            self.table = vec![u32::MAX; (self.table.len() * 2).max(1_024)];
            for id in 0..self.ends.len() as u32 {
                let at = self.place(self.name(id));
                self.table[at] = id;
            }
        }
        let at = self.place(name);
        if self.table[at] == u32::MAX {
            let id = u32::try_from(self.ends.len()).ok().filter(|id| *id < u32::MAX)?;
            self.bytes.extend_from_slice(name);
            self.ends.push(self.bytes.len());
            self.table[at] = id;
        }
        Some(self.table[at])
    }
}

/// Where key and size stand in a line.
struct Columns {
    delimiter: u8,
    key: usize,
    size: Option<usize>,
}

/// Reads a trace piece by piece.
pub struct Reader {
    layout: Layout,
    columns: Option<Columns>,
    /// The piece of a line whose end has not been seen.
    rest: Vec<u8>,
    lines: u64,
    names: Interner,
    /// Names of keys that are whole numbers, as long as all are.
    numbers: Vec<u64>,
    trace: Trace,
}

/// The number that a key is written as, if no other key is called by it.
fn number(key: &[u8]) -> Option<u64> {
    let plain = key.iter().all(u8::is_ascii_digit) && (key == b"0" || key.first() != Some(&b'0'));
    std::str::from_utf8(key).ok().filter(|_| plain)?.parse().ok()
}

impl Reader {
    /// A reader of lines like these.
    pub fn new(layout: Layout) -> Self {
        let (rest, names, trace) = (Vec::new(), Interner::default(), Trace::default());
        Self { layout, columns: None, rest, lines: 0, names, numbers: Vec::new(), trace }
    }

    /// Reads the next bytes. Errors name the field and the line.
    pub fn feed(&mut self, mut bytes: &[u8]) -> Result<(), String> {
        while let Some(end) = bytes.iter().position(|it| *it == b'\n') {
            if self.rest.is_empty() {
                self.line(&bytes[..end])?;
            } else {
                self.rest.extend_from_slice(&bytes[..end]);
                let line = std::mem::take(&mut self.rest);
                self.line(&line)?;
            }
            bytes = &bytes[end + 1..];
        }
        self.rest.extend_from_slice(bytes);
        if self.rest.len() > LINE_MAX {
            let line = self.lines + 1;
            return Err(format!("trace: line {line} is longer than 1 MiB: this is not a trace"));
        }
        Ok(())
    }

    /// Requests read so far.
    pub fn requests(&self) -> usize {
        self.trace.keys.len()
    }

    /// The trace, and the number of different keys in it.
    pub fn finish(mut self) -> Result<(Trace, u64), String> {
        let line = std::mem::take(&mut self.rest);
        self.line(&line)?;
        if self.trace.keys.is_empty() {
            return Err("trace: there is no request in it".into());
        }
        let keys = self.names.ends.len();
        if self.numbers.len() == keys {
            self.trace.names = self.numbers.into();
        }
        Ok((self.trace, keys as u64))
    }

    fn line(&mut self, line: &[u8]) -> Result<(), String> {
        self.lines += 1;
        let mut line = line.strip_suffix(b"\r").unwrap_or(line);
        if self.lines == 1 {
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        }
        if line.is_empty() {
            return Ok(());
        }
        let Some(column) = &self.layout.column else {
            if std::mem::take(&mut self.layout.header) {
                return Ok(());
            }
            return self.request(line, None);
        };
        let Some(columns) = &self.columns else {
            let columns = self.find_columns(column, line)?;
            let is_header = self.layout.header || columns.1;
            self.columns = Some(columns.0);
            return if is_header { Ok(()) } else { self.line_again(line) };
        };
        let fields = fields(line, columns.delimiter);
        let at = self.lines;
        let missing = |what: &str, index: usize| {
            let count = fields.len();
            format!("{what}: line {at} has {count} columns, and none of number {}", index + 1)
        };
        let key = fields.get(columns.key).ok_or_else(|| missing("column", columns.key))?;
        let size = match columns.size {
            None => None,
            Some(index) => {
                let text = fields.get(index).ok_or_else(|| missing("size-column", index))?;
                let text = String::from_utf8_lossy(text);
                let size = text.trim().parse::<u64>();
                Some(size.map_err(|_| {
                    format!("size-column: line {at}: {text:?} is not a whole number of bytes")
                })?)
            }
        };
        self.request(&key.clone(), size)
    }

    fn line_again(&mut self, line: &[u8]) -> Result<(), String> {
        self.lines -= 1;
        self.line(line)
    }

    fn request(&mut self, key: &[u8], size: Option<u64>) -> Result<(), String> {
        let known = self.names.ends.len();
        let id = self.names.id(key).ok_or("trace: there are too many different keys in it")?;
        if id as usize == known && self.numbers.len() == known {
            // One that is no number ends that: there are more names than numbers then.
            self.numbers.extend(number(key));
        }
        if self.trace.keys.len() == u32::MAX as usize {
            return Err("trace: there are too many requests in it".into());
        }
        self.trace.keys.push(id);
        if let Some(size) = size {
            self.trace.sizes.push(size);
        }
        Ok(())
    }

    /// Finds the columns from the first line, and whether that line names them.
    fn find_columns(&self, column: &Column, line: &[u8]) -> Result<(Columns, bool), String> {
        let found = DELIMITERS.iter().copied().find(|it| line.contains(it));
        let delimiter = self.layout.delimiter.or(found).unwrap_or(b',');
        let names = words(line, delimiter);
        let mut by_name = false;
        let mut find = |what: &str, wanted: &str| {
            // A number is a place, even if the first line has it in a field, unless that line is said to name them.
            let place = wanted.parse::<usize>().ok().filter(|it| (1..=names.len()).contains(it));
            if let Some(number) = place.filter(|_| !self.layout.header) {
                return Ok(number - 1);
            }
            if let Some(index) = names.iter().position(|it| it == wanted) {
                by_name = true;
                return Ok(index);
            }
            match wanted.parse::<usize>() {
                Ok(number) if (1..=names.len()).contains(&number) => Ok(number - 1),
                Ok(number) => {
                    Err(format!("{what}: there are {} columns, not {number}", names.len()))
                }
                Err(_) => {
                    let names = names.join(", ");
                    Err(format!("{what}: no column is called {wanted:?}; there are: {names}"))
                }
            }
        };
        let key = match column {
            Column::Told(name) => find("column", name)?,
            Column::At(index) => *index,
        };
        let size =
            self.layout.size_column.as_ref().map(|it| find("size-column", it)).transpose()?;
        Ok((Columns { delimiter, key, size }, by_name))
    }
}

/// What may be between columns; the first of them that the first line has is.
const DELIMITERS: &[u8] = b",\t; ";

/// A file that has columns, as its beginning shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The fields of its first line.
    pub first: Vec<String>,
    /// Whether they look like names of columns, and not like a request.
    pub named: bool,
    /// Which of them is the key's, if one is called so.
    pub key: Option<usize>,
}

impl Table {
    /// Finds columns in the beginning of a file. Keys may have spaces in them: there are columns only
    /// where as many are in every line.
    pub fn of(beginning: &[u8]) -> Option<Self> {
        let beginning = beginning.strip_prefix(b"\xef\xbb\xbf").unwrap_or(beginning);
        let mut lines: Vec<&[u8]> = beginning.split(|it| *it == b'\n').take(20).collect();
        if lines.len() > 1 {
            // The last may be a part of one.
            lines.pop();
        }
        let trimmed = lines.iter().map(|it| it.strip_suffix(b"\r").unwrap_or(it));
        let lines: Vec<&[u8]> = trimmed.filter(|it| !it.is_empty()).collect();
        let line = *lines.first()?;
        let delimiter = DELIMITERS.iter().copied().find(|it| line.contains(it))?;
        let first = words(line, delimiter);
        let alike = |it: &[u8]| fields(it, delimiter).len() == first.len();
        if first.len() < 2 || delimiter == b' ' && !lines.iter().all(|it| alike(it)) {
            return None;
        }
        let mut keys = (0..first.len()).filter(|it| first[*it].eq_ignore_ascii_case("key"));
        let key = keys.next().filter(|_| keys.next().is_none());
        let is_number = |it: &String| it.parse::<f64>().is_ok();
        let second = lines.get(1).map(|it| words(it, delimiter)).unwrap_or_default();
        let numbers = second.iter().any(is_number) && !first.iter().any(is_number);
        Some(Self { named: key.is_some() || numbers, first, key })
    }
}

/// The fields of a line as text.
fn words(line: &[u8], delimiter: u8) -> Vec<String> {
    let word = |it: &Vec<u8>| String::from_utf8_lossy(it).trim().to_owned();
    fields(line, delimiter).iter().map(word).collect()
}

/// The fields of a line, quotes taken off (RFC 4180; no line breaks within a field).
fn fields(line: &[u8], delimiter: u8) -> Vec<Vec<u8>> {
    let mut fields = vec![Vec::new()];
    let (mut quoted, mut bytes) = (false, line.iter().copied().peekable());
    while let Some(byte) = bytes.next() {
        let field = fields.last_mut().expect("there is a first field");
        match byte {
            b'"' if quoted && bytes.peek() == Some(&b'"') => {
                field.push(b'"');
                bytes.next();
            }
            b'"' if quoted || field.is_empty() => quoted = !quoted,
            _ if byte == delimiter && !quoted => fields.push(Vec::new()),
            _ => field.push(byte),
        }
    }
    fields
}
