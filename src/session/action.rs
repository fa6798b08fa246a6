//! Everything a key or a `:` command can do.

use crate::analysis::{AcquisitionFunction, Layer};

use super::model::{ColorLevel, Pane, ThemeChoice};

/// One thing a person can ask for. The key table binds keys to these; `:` commands name them.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    // moving
    Up,
    Down,
    Left,
    Right,
    /// Coarse moves of the probe.
    BigLeft,
    BigRight,
    Top,
    Bottom,
    PageUp,
    PageDown,
    NextPane,
    PreviousPane,
    Focus(Pane),
    ToggleZoom,
    /// Steps out of one layer: field, overlay, draft, zoom.
    Back,

    // the probe
    ProbeSuggestion,
    ProbeBest,
    ProbeCentre,
    /// The selected trial of the table.
    ProbeTrial,
    NextParam,
    PreviousParam,

    // the lens
    /// One trial back in time.
    Earlier,
    Later,
    /// To the first trial that ended.
    Earliest,
    /// Back to the present.
    Now,
    /// As of so many ended trials.
    AsOf(usize),
    /// Asks for a result to imagine for the suggestion.
    Imagine,
    /// A number, or `good`, `predicted`, `bad`.
    ImagineValue(String),

    // the race
    /// Starts the next race.
    Race,
    StopRace,

    // the game
    /// Begins a game or ends it.
    Game,
    /// Places the point, or goes on.
    GameEnter,

    // the surrogate and the acquisition function
    NextAcquisition,
    PreviousAcquisition,
    SetAcquisition(AcquisitionFunction),
    XiUp,
    XiDown,
    SetXi(f64),
    BetaUp,
    BetaDown,
    SetBeta(f64),
    NextKernel,
    SetKernel(Option<String>),
    ToggleWarp,
    ToggleObjective,
    Refit,

    // the surface
    NextLayer,
    PreviousLayer,
    SetLayer(Layer),
    NextPair,
    SetPair(usize, usize),
    SwapAxes,

    // samples and hyperparameters
    /// Posterior samples on the slices, or none.
    ToggleSamples,
    /// The next number of starts of the search.
    NextStarts,
    SetStarts(Option<usize>),
    /// History: values, what a further trial was expected to gain, or how far the best is from the optimum.
    NextHistory,
    MoreSamples,
    FewerSamples,
    SetSamples(usize),
    /// The hyperparameters go to the next optimum of the likelihood map.
    NextOptimum,

    // the table
    SortNext,
    SortReverse,
    SortBy(String),
    OpenFilter,
    SetFilter(String),
    ToggleColumn(String),
    ShowAllColumns,
    FindNext,
    FindPrevious,
    GotoTrial(String),
    ToggleFollow,
    ShowTrial,

    // deciding
    Edit,
    EditField,
    NudgeUp,
    NudgeDown,
    ToggleLock,
    UnlockAll,
    SetParam(String, String),
    /// Throws the draft away.
    DiscardDraft,
    /// Resets the parameter under the cursor to where the draft began.
    ResetParam,
    Accept,
    Reject,
    UndoReject,
    ShowRejections,
    Withdraw,
    /// Drops what was decided and not delivered.
    Forget,
    ConfirmYes,
    ConfirmNo,
    /// Leave, and let the loop finish what runs.
    RunFinish,
    /// Leave, and let what runs go on without the loop.
    RunLeave,

    // looking
    Help,
    /// Looks for a key in the help.
    FindKey,
    ShowDiagnostics,
    ShowModel,
    /// Kernels and the evidence of each.
    ShowKernels,
    /// Joins the kernel under the cursor to the expression.
    KernelPlus,
    KernelTimes,
    KernelBack,
    /// Types one.
    KernelEdit,
    /// Acquisition functions side by side.
    Compare,
    /// The probe goes to the next point of the function under the cursor.
    ProbeCompared,
    ShowKnobs,
    /// Puts what is under the cursor back to what was fitted.
    ResetKnob,
    ResetKnobs,
    ShowStudies,
    SwitchStudy(String),
    /// Takes what is under the cursor of a window.
    Choose,
    /// Writes the panes to a file.
    Write(String),
    OpenCommand,
    ToggleFreeze,
    ToggleMouse,
    ToggleBell,
    /// What is new since the last look.
    TellSince,
    NextRamp,
    ToggleCrosshair,
    ToggleContours,
    ToggleAscii,
    NextTheme,
    SetTheme(ThemeChoice),
    SetColor(ColorLevel),
    CopyValue,
    CopyConfiguration,
    CopyAs(crate::study::Form),

    // the lab
    /// Evaluates the configuration in hand.
    LabAdd,
    /// Takes the nearest point away.
    LabRemove,
    /// Lets the optimiser take so many steps.
    LabStep(u32),
    LabUndo,
    /// Back to the points of the start.
    LabReset,
    /// Shows or hides the true function.
    LabReveal,
    /// The noise of the bench, in the units of its function.
    SetNoise(f64),
    /// EI with the sign that is often misprinted (`false`), or the right one.
    SetSign(bool),
    /// Every lengthscale, on an axis from 0 to 1; `None` gives them back to the fit.
    SetLengthscale(Option<f64>),
    LessonNext,
    LessonBack,
    LessonHint,
    /// The answer of this place, from 0, to the question that the lesson asks.
    LessonAnswer(usize),
    /// Lessons and functions, to choose from.
    ShowCourse,

    Redraw,
    Suspend,
    Quit,
    QuitWithSummary,
    /// Ctrl-C: ends at once, whatever is open.
    Interrupt,
}

impl Action {
    /// Whether it puts a lens on, changes it or takes it off.
    #[must_use]
    pub fn steps_in_time(&self) -> bool {
        matches!(
            self,
            Self::Earlier
                | Self::Later
                | Self::Earliest
                | Self::Now
                | Self::AsOf(_)
                | Self::Imagine
                | Self::ImagineValue(_)
        )
    }
}
