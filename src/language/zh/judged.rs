//! Sentences of the engine and of the readers: whether the model can be trusted, what looks odd, what was assumed, when to
//! stop. They are recognised whole.

use crate::language::Words;

pub(in crate::language) const JUDGED: Words = &[
    // whether the model can be trusted
    (
        "All {n} values are alike: there is nothing to learn from them yet.",
        "{n} 个值都一样：还没有什么可学",
    ),
    (
        "All values are alike: nothing says what is left to gain.",
        "值都一样：说不出还能得到什么。",
    ),
    (
        "{n} trials say too little to check the model against; {enough} are a beginning.",
        "{n} 次不足以检验模型；{enough} 次才是开端",
    ),
    (
        "It predicts left-out trials no better than their mean ({score}).",
        "它对留出试验的预测不比均值好（{score}）",
    ),
    (
        "Only {percent} % of left-out trials fall inside their 95 % bands ({score}).",
        "只有 {percent} % 的留出试验落在 95 % 带内（{score}）",
    ),
    (
        "The last {count} results missed their predictions by {times} times the promised error ({score}).",
        "最近 {count} 个结果偏离预测达所许诺误差的 {times} 倍（{score}）",
    ),
    (
        "It explains little of what left-out trials do ({score}).",
        "它几乎解释不了留出的试验（{score}）",
    ),
    (
        "Its bands are somewhat narrow: {percent} % of left-out trials inside 95 % ({score}).",
        "它的带偏窄：{percent} % 的留出试验在 95 % 内（{score}）",
    ),
    (
        "It predicts left-out trials well ({score}).",
        "它对留出试验预测得好（{score}）",
    ),
    (
        "The noise is at its floor: the model takes every value as exact.",
        "噪声到了下限：模型把每个值都当作精确的。",
    ),
    (
        "The noise is at its upper bound: the model takes the values for noise alone.",
        "噪声到了上限：模型把这些值全当作噪声。",
    ),
    (
        "The lengthscale of {name} is at its upper bound: {again} seems not to matter.",
        "{name} 的长度尺度到了上限：它似乎无关紧要。",
    ),
    (
        "The lengthscale of {name} is at its lower bound: the values change faster along {again} than the trials can show.",
        "{name} 的长度尺度到了下限：值沿它变化得比试验所能显示的更快。",
    ),
    (
        "The best trial is at the {end} end of {name}; a range of {wider} would show whether it goes on.",
        "最优的试验在 {name} 的边界上；把范围扩到 {wider} 可以看出是否还会更好。",
    ),
    (
        "The last {n} trials are nearly identical: the search stands at one place.",
        "最近 {n} 次试验几乎相同：搜索停在一处。",
    ),
    (
        "The best value has stood for {n} finished trials.",
        "最优值已经 {n} 次试验没有刷新。",
    ),
    (
        "{told}; P(ok), the chance to come through, weighs the acquisition.",
        "{told}；P(ok)（成功的概率）为采集函数加权。",
    ),
    (
        "{failed} of {all} trials failed, all with {words}",
        "{all} 次试验中 {failed} 次失败，都有 {words}",
    ),
    (
        "{failed} of {all} trials failed, with {words}",
        "{all} 次试验中 {failed} 次失败，其 {words}",
    ),
    (
        "{failed} of {all} trials failed",
        "{all} 次试验中 {failed} 次失败",
    ),
    (
        "{n} pruned trials around {place}: counted as {value} ± {sd}.",
        "{place} 附近有 {n} 次被剪枝的试验：按 {value} ± {sd} 计。",
    ),
    (
        "The last {n} finished trials were all {state}.",
        "最近结束的 {n} 次试验都是{state}。",
    ),
    (
        "All values are equal, so nothing can be learned but where there are no trials.",
        "所有的值都相等：除了哪里还没有试验，什么也学不到。",
    ),
    (
        "The covariance matrix needed {jitter} on its diagonal; some trials are nearly identical.",
        "协方差矩阵的对角线上需要加 {jitter}；有些试验几乎相同。",
    ),
    (
        "The model stands on {used} of {all} trials: the best, those near them, and a spread of the rest.",
        "模型建立在 {all} 次试验中的 {used} 次上：最优的、它们附近的，以及其余中分散的一些。",
    ),
    (
        "1 {state} trial counts with the final value that its curve promises ({values}; {how}).",
        "1 次{state}的试验按其曲线预计的终值计入（{values}；{how}）。",
    ),
    (
        "{count} {state} trials count with the final value that their curves promise ({values}; {how}).",
        "{count} 次{state}的试验按其曲线预计的终值计入（{values}；{how}）。",
    ),
    (
        "for want of complete curves the last value when {again} stopped, with a wide error",
        "没有完整的曲线，取停止时的最后一个值，误差放宽",
    ),
    (
        "as {n} complete trials went on from the same step",
        "依据 {n} 次完成的试验从同一步起的走势",
    ),
    // what was assumed of a source
    (
        "the objective is taken to be {metric}, to minimize{others}; --metric and --direction say otherwise.",
        "目标取为 {metric}，求最小{others}；--metric 和 --direction 可另作指定。",
    ),
    (
        "the objective is taken to be {metric}, to maximize{others}; --metric and --direction say otherwise.",
        "目标取为 {metric}，求最大{others}；--metric 和 --direction 可另作指定。",
    ),
    (
        "the objective is declared to be {metric}, to minimize{others}; --metric and --direction say otherwise.",
        "目标声明为 {metric}，求最小{others}；--metric 和 --direction 可另作指定。",
    ),
    (
        "the objective is declared to be {metric}, to maximize{others}; --metric and --direction say otherwise.",
        "目标声明为 {metric}，求最大{others}；--metric 和 --direction 可另作指定。",
    ),
    (
        "the objective is {metric}{others}; --metric chooses another.",
        "目标是 {metric}{others}；--metric 可选别的。",
    ),
    (" (there are {names} too)", "（还有 {names}）"),
    (
        "rows without a name that have the same parameters and a step that rises are taken for one trial.",
        "没有名字、参数相同且步数递增的行当作一次试验。",
    ),
    (
        "parameter {name} is active when {activity} (learned from the trials; `active` in a space file says it for sure).",
        "参数 {name} 在 {activity} 时才起作用（从试验中学到；空间文件里的 `active` 可明确说明）。",
    ),
    (
        "parameter {name} is taken for bookkeeping; --params or a space file puts it into the space.",
        "参数 {name} 当作记录用的列；--params 或空间文件可把它放进空间。",
    ),
    (
        "there are {count} studies ({names}); --study NAME chooses another than {name}.",
        "有 {count} 个研究（{names}）；--study NAME 可选 {name} 以外的。",
    ),
    // when to stop
    (
        "Too few trials to say what is left to gain.",
        "试验太少，说不出还能得到什么。",
    ),
    (
        "No trial is feasible yet: the search first looks for one that violates no constraint.",
        "尚无可行试验：搜索先找不违反任何约束的配置。",
    ),
    (
        "The best next trial is expected to gain {expected}, less than 1 % of what was gained so far ({spread}): stopping costs little.",
        "最好的下一次试验期望得到 {expected}，不到至今所得（{spread}）的 1 %：停下来损失很小。",
    ),
    (
        "The best next trial is expected to gain {expected}, less than the noise ({noise}): repeating the best says more than searching on.",
        "最好的下一次试验期望得到 {expected}，小于噪声（{noise}）：重复最优比继续搜索更有用。",
    ),
    (
        "Worth going on: the best next trial is expected to gain {expected} (noise {noise}).",
        "值得继续：最好的下一次试验期望得到 {expected}（噪声 {noise}）。",
    ),
    ("Stopping costs little.", "停下来损失很小。"),
    (
        "Repeating the best says more than searching on.",
        "重复最优比继续搜索更有用。",
    ),
    ("Worth going on.", "值得继续。"),
    ("No trial is feasible yet.", "还没有可行的试验。"),
];
