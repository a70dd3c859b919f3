//! The formulas against published tables and worked examples, and against each other.

use super::*;

fn load(arrivals_per_s: f64, services_per_s: f64) -> Load {
    Load { arrivals_per_s, services_per_s }
}

#[track_caller]
fn near(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "{found} is not {expected} ± {tolerance}");
}

/// Traffic at which 1 % and 5 % of calls are lost: "Erlang Library for Excel", reference page of
/// `ErlbTrafFromBlockage`, abstractmicro.com (17 servers: 9.65160 and 12.4613; 25: 16.1245).
#[test]
fn erlang_b_agrees_with_the_table() {
    near(erlang_b(9.65160, 17), 0.01, 1e-6);
    near(erlang_b(12.4613, 17), 0.05, 1e-6);
    near(erlang_b(16.1245, 25), 0.01, 1e-6);
    assert_eq!(erlang_b(3.0, 0), 1.0);
    near(erlang_b(1.0, 1), 0.5, 1e-15);
}

/// 360 calls in half an hour, 4 minutes each, 55 agents: 48 erlangs, C = 0.239, mean wait 8.2 s.
/// Source: Tanner, "The Erlang-C formula", mitan.co.uk/erlang/elgcmath.htm.
#[test]
fn erlang_c_agrees_with_the_call_centre_example() {
    let calls = load(360.0 / 1_800.0, 1.0 / 240.0);
    near(calls.erlangs(), 48.0, 1e-12);
    near(erlang_c(48.0, 55).unwrap(), 0.239, 0.000_5);
    near(mmc(calls, 55).unwrap().wait_s, 8.2, 0.05);
    let within_15_s = 1.0 - mmc_wait_exceeds(calls, 55, 15.0).unwrap();
    near(within_15_s, 1.0 - 0.239 * libm::exp(-7.0 * 15.0 / 240.0), 0.000_5);
}

/// GH example 2.2, an eye clinic: 6 patients an hour, 3 an hour for each of three doctors. Worked
/// in the book: p0 = 1/9, Lq = 8/9, Wq = 4/27 h, L = 26/9, W = 13/27 h.
#[test]
fn mmc_agrees_with_the_eye_clinic() {
    let clinic = mmc(load(6.0, 3.0), 3).unwrap();
    near(clinic.utilization, 2.0 / 3.0, 1e-15);
    near(clinic.wait_chance, 4.0 / 9.0, 1e-15);
    near(clinic.waiting, 8.0 / 9.0, 1e-14);
    near(clinic.present, 26.0 / 9.0, 1e-14);
    near(clinic.wait_s, 4.0 / 27.0, 1e-14);
    near(clinic.stay_s, 13.0 / 27.0, 1e-14);
}

/// GH example on M/M/c/K, car inspection: one car a minute, three stalls of 6 minutes, room for
/// seven; p0 = 1/1141, Lq = 3.09, L = 6.06. (The book goes on with p0 rounded to 0.00088 and prints
/// W = 12.3 min and 30.4 cars an hour turned away; the fractions here are exact.)
#[test]
fn mmck_agrees_with_the_inspection_station() {
    let station = mmck(load(1.0, 1.0 / 6.0), 3, 7);
    near(station.waiting, 3_528.0 / 1_141.0, 1e-12);
    near(station.present, 6_918.0 / 1_141.0, 1e-12);
    near(station.stay_s, 6_918.0 / 565.0, 1e-12);
    near(station.loss_chance, 576.0 / 1_141.0, 1e-14);
    near(station.wait_chance, (36.0 + 72.0 + 144.0 + 288.0) / 565.0, 1e-14);
}

/// K section 3.2 with ρ = 1/2 and 0.8: L = ρ/(1 - ρ); section 5.6: M/D/1 waits half as long.
#[test]
fn single_server_by_hand() {
    let half = mm1(load(5.0, 10.0)).unwrap();
    assert_eq!((half.present, half.waiting), (1.0, 0.5));
    near(half.stay_s, 0.2, 1e-15);
    let busy = load(8.0, 10.0);
    near(mm1(busy).unwrap().waiting, 3.2, 1e-12);
    near(md1(busy).unwrap().waiting, 1.6, 1e-12);
    near(mg1(busy, 1.0).unwrap().wait_s, mm1(busy).unwrap().wait_s, 1e-12);
    near(mg1(busy, 4.0).unwrap().wait_s, 2.5 * mm1(busy).unwrap().wait_s, 1e-12);
    near(mm1_present_variance(busy).unwrap(), 20.0, 1e-12);
    near(mm1_stay_quantile_s(busy, 0.5).unwrap(), std::f64::consts::LN_2 / 2.0, 1e-12);
}

#[test]
fn the_formulas_meet_where_they_should() {
    for servers in 1..=20 {
        for tenth in 1..10 {
            let station = load(f64::from(servers * tenth), 10.0);
            let open = mmc(station, servers).unwrap();
            let roomy = mmck(station, servers, 2_000);
            near(roomy.present, open.present, 1e-9 * open.present);
            near(roomy.wait_chance, open.wait_chance, 1e-9);
            let lossy = mmck(station, servers, servers);
            near(lossy.loss_chance, erlang_b(station.erlangs(), servers), 1e-14);
            assert_eq!((lossy.waiting, lossy.wait_chance), (0.0, 0.0));
            near(mmc_wait_exceeds(station, servers, 0.0).unwrap(), open.wait_chance, 1e-15);
        }
    }
}

#[test]
fn overload_has_no_steady_state_but_a_bounded_queue_has() {
    assert_eq!(mm1(load(10.0, 10.0)), None);
    assert_eq!(mmc(load(31.0, 10.0), 3), None);
    assert_eq!(md1(load(11.0, 10.0)), None);
    assert_eq!(erlang_c(1.0, 0), None);
    let flooded = mmck(load(1e6, 1.0), 2, 1_000);
    near(flooded.utilization, 1.0, 1e-12);
    near(flooded.present, 1_000.0, 1e-2);
    near(flooded.loss_chance, 1.0 - 2e-6, 1e-12);
}

/// Whitt's closed form against the sum it comes from, for any birth-and-death process (Burman,
/// 1980): 2 Σ (Σ_{i ≤ j} (i - L) p_i)² / (λ p_j).
#[test]
fn the_measurement_error_agrees_with_the_sum_over_states() {
    for busy in [0.3, 0.5, 0.8] {
        let mean = busy / (1.0 - busy);
        let (mut chance, mut deviation, mut spread) = (1.0 - busy, 0.0, 0.0);
        for present in 0..2_000 {
            deviation += (f64::from(present) - mean) * chance;
            if chance > 1e-30 {
                spread += 2.0 * deviation * deviation / (busy * chance);
            }
            chance *= busy;
            if chance < 1e-25 {
                break;
            }
        }
        let error = mm1_present_error(load(busy, 1.0), 1.0).unwrap();
        near(error * error / spread, 1.0, 1e-6);
    }
    near(mm1_present_error(load(0.9, 1.0), 3.42e6).unwrap(), 0.1, 1e-3);
}
