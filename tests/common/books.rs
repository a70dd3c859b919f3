//! The book store of the pictures: people, a balancer, two services, a cache each may ask, and a
//! database with replicas.

use ringside::base::time::Nanos;
use ringside::component::Spec;
use ringside::component::cache::CacheParams;
use ringside::component::load_balancer::LoadBalancerParams;
use ringside::component::service::ServiceParams;
use ringside::component::sql_db::SqlDbParams;
use ringside::document::{Design, WireParams};
use ringside::engine::blueprint::Reads;

use super::{add, client, wire};

/// client → lb → books → (cache, store) and reviews; reviews → store.
pub fn bookstore(per_second: f64) -> Design {
    let mut it = Design::default();
    add(&mut it, "people", Spec::Client(client(per_second, 9, 1)));
    add(&mut it, "lb", Spec::LoadBalancer(LoadBalancerParams::default()));
    let (instances, workers) = (3, 16);
    let books = ServiceParams { instances, workers, ..ServiceParams::default() };
    add(&mut it, "books", Spec::Service(books.clone()));
    let work = Nanos::millis(1);
    add(&mut it, "reviews", Spec::Service(ServiceParams { work, hold_worker: false, ..books }));
    add(&mut it, "cache", Spec::Cache(CacheParams { capacity: 50, ..CacheParams::default() }));
    add(&mut it, "store", Spec::SqlDb(SqlDbParams::default()));
    let plain = WireParams::default;
    wire(&mut it, "people", "lb", plain());
    wire(&mut it, "lb", "books", plain());
    wire(&mut it, "books", "reviews", plain());
    wire(&mut it, "books", "cache", WireParams { timeout: Nanos::millis(50), ..plain() });
    wire(&mut it, "books", "store", WireParams { retries: 1, reads: Reads::Any, ..plain() });
    wire(&mut it, "reviews", "store", WireParams { reads: Reads::Replicas, ..plain() });
    it
}
