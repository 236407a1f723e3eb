fn main() {
    println!("{}", smallbatch::schema::sdl());
}
