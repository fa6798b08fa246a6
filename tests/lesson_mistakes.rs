//! Every mistake that a teacher makes is told with the file, the line and what to write instead.

use rstest::rstest;
use tunescope::learn::lesson::Lesson;

const FRONT: &str = "+++\ntitle = \"T\"\nfunction = \"forrester\"\npoints = [[0.1], [0.6]]\n";

/// The lesson with more settings and a body.
fn told(settings: &str, body: &str) -> String {
    let text = format!("{FRONT}{settings}+++\nRead.\n{body}");
    Lesson::parse("mine.md", &text).unwrap_err().to_string()
}

#[rstest]
#[case("kernle = \"rbf\"\n", 5, "unknown field `kernle`")]
#[case("xi = \"much\"\n", 5, "xi is a number, not string \"much\"")]
#[case(
    "seed = 1.5\n",
    5,
    "seed is a whole number of at least 0, not floating point `1.5`"
)]
#[case("xi = -1\n", 5, "xi is at least 0, not -1")]
#[case("noise = -0.1\n", 5, "noise is at least 0, not -0.1")]
#[case("samples = 1000\n", 5, "samples is a whole number from 0 to 32, not 1000")]
#[case("lengthscale = 0\n", 5, "lengthscale is above 0, not 0")]
#[case("acquisition = \"eii\"\n", 5, "there is no acquisition function eii")]
#[case("kernel = \"nonsense\"\n", 5, "there is no kernel nonsense")]
#[case("sign = \"left\"\n", 5, "sign is right or wrong, not left")]
#[case("show = [\"nothing\"]\n", 5, "there is no panel nothing")]
#[case("show = \"truth\"\n", 5, "show is a list in [ ], not string \"truth\"")]
#[case("title = \"again\"\n", 5, "duplicate key")]
fn in_the_front_matter(#[case] settings: &str, #[case] line: usize, #[case] words: &str) {
    let said = told(settings, "");
    assert!(
        said.starts_with(&format!("mine.md:{line}: ")) && said.contains(words),
        "{said}"
    );
}

#[rstest]
#[case("## A\n@do Go.\n@until sd\n", 9, "a check is true or false")]
#[case(
    "## A\n@do Go.\n@until kernel == 3\n",
    9,
    "compares a text with a number: that never holds"
)]
#[case("## A\n@do Go.\n@until kernel > 'rbf'\n", 9, "> takes a number, not a text")]
#[case(
    "## A\n@do Go.\n@until acquisition == 'mess'\n",
    9,
    "there is no acquisition function mess"
)]
#[case("## A\n@do Go.\n@until sign == 'left'\n", 9, "sign is right or wrong")]
#[case(
    "## A\n@do Go.\n@until truth and sd\n",
    9,
    "and takes true or false, not a number"
)]
#[case(
    "## A\n@do Go.\n@until sd > \n",
    9,
    "character 5: a value was expected, not the end"
)]
#[case("## A\n@do Go.\n", 8, "@do has no @until")]
#[case("## A\n@until sd > 1\n", 8, "@until has no @do before it")]
#[case("## A\n@set kernel = nonsense\n", 8, "there is no kernel nonsense")]
#[case("## A\n@set samples = 2.5\n", 8, "samples is a whole number")]
#[case("## A\n@set sign = up\n", 8, "sign is right or wrong, not up")]
#[case("##A\ntext\n", 7, "a step begins with ##")]
#[case("# A\ntext\n", 7, "a step begins with ##")]
#[case("@do early\n", 7, "@do stands before the first heading")]
fn in_the_text(#[case] body: &str, #[case] line: usize, #[case] words: &str) {
    let said = told("", body);
    assert!(
        said.starts_with(&format!("mine.md:{line}: ")) && said.contains(words),
        "{said}"
    );
}

#[rstest]
#[case("prior = \"nokernel\"", "mine.md:3: ", "there is no kernel nokernel")]
#[case(
    "formula = \"x < 1\"\nlow = 0\nhigh = 1",
    "mine.md:3: ",
    "a formula gives a number"
)]
#[case(
    "formula = \"sin(y)\"\nlow = 0\nhigh = 1",
    "mine.md:3: ",
    "there is no y here"
)]
#[case("formula = \"x\"", "mine.md:3: ", "low < high")]
#[case(
    "function = 3",
    "mine.md:3: ",
    "function is a text in quotation marks, not integer `3`"
)]
fn in_what_is_explored(#[case] subject: &str, #[case] place: &str, #[case] words: &str) {
    let text = format!("+++\ntitle = \"T\"\n{subject}\n+++\nRead.\n");
    let said = Lesson::parse("mine.md", &text).unwrap_err().to_string();
    assert!(said.starts_with(place) && said.contains(words), "{said}");
}

#[test]
fn a_remark_is_for_the_teacher_alone() {
    let text = format!("{FRONT}+++\n<!-- not shown -->\nRead.\n## A\n<!-- nor this -->\nText.\n");
    let lesson = Lesson::parse("mine.md", &text).unwrap();
    assert_eq!(
        (lesson.intro, lesson.steps[0].paragraphs.clone()),
        (vec!["Read.".to_owned()], vec!["Text.".to_owned()])
    );
}

#[test]
fn the_template_is_a_lesson_with_two_tasks_and_a_question() {
    let template = include_str!("../assets/lessons/template.md");
    let lesson = Lesson::parse("template.md", template).unwrap();
    assert_eq!(lesson.steps.iter().filter(|s| s.task.is_some()).count(), 3);
    for (name, _) in tunescope::learn::lesson::vocabulary::QUANTITIES {
        assert!(template.contains(name), "the template does not name {name}");
    }
    for (name, _) in tunescope::learn::lesson::vocabulary::KNOBS {
        assert!(template.contains(name), "the template does not name {name}");
    }
}
