#[test]
fn x() {
    let (file, notices) =
        super::read(include_str!("../../../static/designs/bookstore.json")).unwrap();
    println!("{}", super::write(&file));
    for n in notices {
        println!("{n}");
    }
}
