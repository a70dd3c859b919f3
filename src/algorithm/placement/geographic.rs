//! Geographic: a key that is a place on earth (`52.5,13.4`: latitude and longitude in degrees) belongs
//! to the nearest site.
//!
//! Source: the haversine formula; Sinnott, "Virtues of the haversine", Sky and Telescope 68, 1984.

use super::{Node, Placement, Settings};

/// Latitude and longitude of each node, in degrees.
#[derive(Clone, Debug, PartialEq)]
pub struct Geographic {
    sites: Vec<(f64, f64)>,
}

/// The mean radius of the earth in kilometres (IUGG).
const RADIUS: f64 = 6_371.008_8;

/// The distance between two places in degrees, along the surface, in kilometres.
pub fn distance(one: (f64, f64), other: (f64, f64)) -> f64 {
    let half = |it: f64| libm::sin(it.to_radians() / 2.0);
    let (north, east) = (half(other.0 - one.0), half(other.1 - one.1));
    let narrowing = libm::cos(one.0.to_radians()) * libm::cos(other.0.to_radians());
    let haversine = north * north + narrowing * east * east;
    2.0 * RADIUS * libm::asin(haversine.min(1.0).sqrt())
}

/// Reads a place; the comma may be a colon.
pub fn place(text: &str) -> Option<(f64, f64)> {
    let (north, east) = text.split_once([',', ':'])?;
    let (north, east) = (north.trim().parse::<f64>().ok()?, east.trim().parse::<f64>().ok()?);
    (north.abs() <= 90.0 && east.abs() <= 180.0).then_some((north, east))
}

impl Placement for Geographic {
    fn build(nodes: &[Node], settings: &Settings) -> Result<Self, String> {
        // By name, or in the order of the nodes.
        let named = |node: &Node| {
            let row = settings.rows.iter().find(|it| it.0 == node.name);
            row.and_then(|it| place(&it.1)).ok_or_else(|| {
                let name = &node.name;
                format!("sites: where does {name} stand? Latitude and longitude, as in {name}=52.5:13.4")
            })
        };
        let sites = match settings.rows.is_empty() {
            true => settings.sites.clone(),
            false => nodes.iter().map(named).collect::<Result<_, _>>()?,
        };
        let nodes = nodes.len();
        if sites.len() != nodes {
            return Err(format!("sites: {} for {nodes} nodes", sites.len()));
        }
        Ok(Self { sites })
    }

    fn find(&self, key: &[u8], _: &[u32]) -> Result<usize, String> {
        let text = String::from_utf8_lossy(key);
        let Some(here) = place(&text) else {
            return Err(format!("sites: key {text:?} is no latitude and longitude in degrees"));
        };
        let far = |site: &(f64, f64)| distance(here, *site);
        let numbered = self.sites.iter().enumerate();
        let nearest = numbered.min_by(|one, other| far(one.1).total_cmp(&far(other.1)));
        Ok(nearest.map_or(0, |it| it.0))
    }
}
