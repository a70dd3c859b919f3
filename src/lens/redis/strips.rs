//! The stream as a strip for each server.

use crate::base::order::sort_few;
use crate::base::text;
use crate::component::Message;
use crate::component::redis::{Change, RedisMessage, Server};
use crate::engine::event::{Deed, Via};
use crate::scene::layout::scale::{Scale, Span, Track};
use crate::scene::layout::sheet::Sheet;
use crate::scene::{Fill, Glyph, Mark, Point, Rect, Shape, Stroke, Tone};

use super::Inside;

/// Commands that the strips show at least.
const COMMANDS_MIN: u64 = 24;
/// Up to so many commands each has a box of its own.
const BOXES_MAX: u64 = 48;
/// Height of a strip, and of the row it stands in.
const STRIP: [f32; 2] = [14.0, 24.0];

impl Inside<'_> {
    pub(super) fn strips(&self, sheet: &mut Sheet) {
        let lead = self.primary();
        let ends = self.servers.iter().map(|it| it.1.offset());
        let end = ends.max().unwrap_or(0);
        let behind = self.servers.iter().map(|it| self.agreed(it.1)).min().unwrap_or(0);
        let first = behind.saturating_sub(4).min(end.saturating_sub(COMMANDS_MIN));
        // One that is far behind does not push all others to the edge.
        let first =
            first.max(lead.offset().saturating_sub(2_000).min(end.saturating_sub(COMMANDS_MIN)));
        let span = [first, end.max(first + COMMANDS_MIN)];
        sheet.space(8.0);
        let range = format!("commands {} to {}", text::count(span[0] + 1), text::count(span[1]));
        sheet.caption("stream", ["The stream of commands, newest right", &range]);
        for (slot, server) in &self.servers {
            self.strip(*slot, server, span, sheet);
        }
        let legend = "Filled: the primary has it, too. Dashed: only here. Diamond: on its way. Tick: as far as \
                      the replica has told its primary.";
        sheet.words("stream/legend", legend);
    }

    /// What a server is and how far, in a few words.
    fn standing(&self, slot: u32, server: &Server) -> String {
        let only = server.offset().saturating_sub(self.agreed(server));
        let (behind, age) = self.primary().lag_of(server, self.now());
        let alone = format!("{} only here", text::count(only));
        let up = self.is_up(slot);
        match server.follows {
            _ if !up && only > 0 => format!("down · {alone}"),
            _ if !up => "down".into(),
            None if usize::from(server.own) == self.lead => {
                format!("offset {}", text::count(server.offset()))
            }
            None => format!("leads, too · {alone}"),
            _ if server.loading.is_some() => "copies all data".into(),
            _ if only > 0 => format!("offset {} · {alone}", text::count(server.offset())),
            Some(_) if !server.link.up => {
                format!("offset {} · no link", text::count(server.offset()))
            }
            Some(_) if behind == 0 => format!("offset {} · level", text::count(server.offset())),
            Some(_) => {
                let age = text::duration(age.0 as f64);
                format!(
                    "offset {} · −{} · {age}",
                    text::count(server.offset()),
                    text::count(behind)
                )
            }
        }
    }

    fn strip(&self, slot: u32, server: &Server, span: [u64; 2], sheet: &mut Sheet) {
        let id = format!("server/{}", server.own);
        let role = match server.follows {
            None => "primary".into(),
            Some(it) => format!("← {}", self.name(it)),
        };
        let name = format!("{} {role}", self.name(server.own));
        sheet.caption(&id, [&name, &self.standing(slot, server)]);
        let row = sheet.block(STRIP[1]);
        let track = Track { from_px: row.x + 1.0, to_px: row.right() - 1.0 };
        let scale = Scale::linear(Span { low: span[0] as f64, high: span[1] as f64 }, track);
        let area = Rect::new(row.x, row.y + 1.0, row.width, STRIP[0]);
        let room = |from: u64, to: u64| {
            let (from, to) = (scale.px(from as f64), scale.px(to as f64));
            Rect::new(from, area.y, (to - from).max(1.0), area.height)
        };
        let frame = Shape::Bar { area: room(span[0], span[1]), radius: 2.0, fill: Fill::Hollow };
        sheet.draw(Mark::new(format!("{id}/room"), frame, Tone::Line));
        let end = server.offset().clamp(span[0], span[1]);
        let agreed = self.agreed(server).clamp(span[0], end);
        let bar = |id: String, area: Rect, same: bool, label: String| {
            let (tone, fill) =
                if same { (Tone::Ink3, Fill::Solid) } else { (Tone::Fail, Fill::Dashed) };
            Mark::new(id, Shape::Bar { area, radius: 1.0, fill }, tone).labelled(label)
        };
        if span[1] - span[0] <= BOXES_MAX {
            for at in span[0]..end {
                let it = room(at, at + 1);
                let area = Rect { width: (it.width - 1.0).max(1.0), ..it };
                let of = server.stream.get(at);
                let words = of.map_or_else(
                    || "a command that the backlog no longer has".into(),
                    |it| match &it.change {
                        Change::Row(key, version) => {
                            format!("{} v{version}", self.subject.key(*key))
                        }
                        Change::Typed(effects) => effects.join("; "),
                    },
                );
                let words = if at < agreed { words } else { format!("Only here: {words}") };
                sheet.draw(bar(format!("{id}/command/{at}"), area, at < agreed, words));
            }
        } else {
            for (part, from, to, same) in
                [("same", span[0], agreed, true), ("alone", agreed, end, false)]
            {
                if to > from {
                    let what = if same { "that the primary has, too" } else { "only here" };
                    let words = format!("{} commands {what}", text::count(to - from));
                    sheet.draw(bar(format!("{id}/{part}"), room(from, to), same, words));
                }
            }
        }
        self.flights(&id, slot, server, (&scale, area), sheet);
        self.told(&id, server, (&scale, area), span, sheet);
    }

    /// A diamond where commands on their way will stand.
    fn flights(
        &self,
        id: &str,
        slot: u32,
        server: &Server,
        (scale, area): (&Scale, Rect),
        sheet: &mut Sheet,
    ) {
        let way = |event: &crate::engine::event::Event<_>| {
            let (Deed::Message(_, Message::Redis(message)), Via::Mesh(_)) =
                (&event.deed, event.via)
            else {
                return None;
            };
            let RedisMessage::Stream(stream, first, entries) = message as &RedisMessage else {
                return None;
            };
            let own = event.to.slot == slot && *stream == server.id();
            let news = first + entries.len() as u64 > server.offset();
            (own && news).then_some((*first, entries.len()))
        };
        let mut all: Vec<_> = self.subject.world.in_flight().filter_map(|it| way(it.1)).collect();
        sort_few(&mut all, |a, b| a < b);
        for (index, (first, count)) in all.into_iter().take(8).enumerate() {
            let edges = (area.x + Glyph::RADIUS, area.right() - Glyph::RADIUS);
            let x = scale.px(first as f64 + 0.5).clamp(edges.0, edges.1);
            let at = Point::new(x, area.y + STRIP[0] / 2.0);
            let label = match count {
                1 => format!("Command {} is on its way", text::count(first + 1)),
                count => format!("{count} commands are on their way"),
            };
            let mark = Mark::sign(format!("{id}/way/{index}"), at, Tone::Replicate);
            sheet.draw(mark.labelled(label));
        }
    }

    /// How far a replica has told its primary it is.
    fn told(
        &self,
        id: &str,
        server: &Server,
        (scale, area): (&Scale, Rect),
        span: [u64; 2],
        sheet: &mut Sheet,
    ) {
        let primary = server.follows.and_then(|it| self.servers.get(usize::from(it)));
        let of = primary.and_then(|it| *it.1.attached.get(usize::from(server.own))?);
        let Some(of) = of.filter(|it| it.online && it.offset > span[0]) else { return };
        let x = scale.px(of.offset as f64).min(area.right() - 1.0);
        let (from, to) = (Point::new(x, area.y - 1.0), Point::new(x, area.y + STRIP[0] + 3.0));
        let line = Shape::Line { from, to, stroke: Stroke::BOLD };
        sheet.draw(Mark::new(format!("{id}/told/line"), line, Tone::Ink2));
        let at = Point::new(x.clamp(area.x + 5.0, area.right() - 5.0), area.y + STRIP[0] + 5.0);
        let shape = Shape::Glyph { glyph: Glyph::Check, at, radius: 3.5 };
        let ago = text::duration(self.now().saturating_sub(of.heard).0 as f64);
        let words =
            format!("The primary has heard of {} commands, {ago} ago", text::count(of.offset));
        sheet.draw(Mark::new(format!("{id}/told"), shape, Tone::Hit).labelled(words));
    }
}
