//! What may be shown of a person to those who only have to recognise her. Pure.

/// The number with its first three and last two characters; short ones show the last two only.
pub fn phone(number: &str) -> String {
    let chars: Vec<char> = number.chars().collect();
    let shown = if chars.len() >= 8 { 3 } else { 0 };
    hide(&chars, shown, chars.len().saturating_sub(2))
}

/// The first and last character; of two the last one, of one nothing.
pub fn name(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    match chars.len() {
        0 | 1 => "*".repeat(chars.len()),
        2 => hide(&chars, 0, 1),
        length => hide(&chars, 1, length - 1),
    }
}

fn hide(chars: &[char], from: usize, to: usize) -> String {
    chars.iter().enumerate().map(|(at, c)| if (from..to).contains(&at) { '*' } else { *c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_keeps_its_first_three_and_last_two_digits() {
        assert_eq!(phone("13812345678"), "138******78");
        assert_eq!(phone("+85261234567"), "+85*******67");
        assert_eq!(phone("1234567"), "*****67");
        assert_eq!(phone(""), "");
    }

    #[test]
    fn a_name_keeps_its_first_and_last_character_and_a_short_one_only_the_last() {
        assert_eq!(name("欧阳小花"), "欧**花");
        assert_eq!(name("王小花"), "王*花");
        assert_eq!(name("王花"), "*花");
        assert_eq!(name("花"), "*");
        assert_eq!(name(""), "");
    }
}
