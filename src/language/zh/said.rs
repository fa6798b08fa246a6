//! Sentences that are made below the screen: notices and errors. They are recognised whole.

use crate::language::Words;

pub(in crate::language) const SAID: Words = &[
    // the lab
    (
        "only the lab has that: tunescope learn",
        "只有实验室里有：tunescope learn",
    ),
    (
        "this is the lab, where the space bar evaluates",
        "这是实验室，空格键计算一个点",
    ),
    ("back at the start; Z undoes that", "回到起点；Z 撤销"),
    ("noise of standard deviation {sd}", "噪声的标准差为 {sd}"),
    ("this is the beginning", "这是开头"),
    ("there is no hint here", "这里没有提示"),
    ("there is no such answer", "没有这个答案"),
    (
        "this was the last lesson: J lists them all",
        "这是最后一课：J 列出全部",
    ),
    (
        "this is the past, or imagined: Esc comes back to now",
        "这是过去或设想：Esc 回到现在",
    ),
    ("f here is {value}", "此处 f 为 {value}"),
    ("there is no point to take away", "没有可去掉的点"),
    ("there is no step to take back", "没有可撤回的步"),
    (
        "this study is recorded: , and . step through its past",
        "这是记录：, 和 . 在它的过去中走动",
    ),
    (
        "nobody knows the truth of a recorded study",
        "没有人知道一份记录的真相",
    ),
    ("no lesson is played: J lists them", "没有在上课：J 列出各课"),
    (
        "not done yet; Enter again goes on all the same",
        "还没完成；再按 Enter 照样继续",
    ),
    (
        "there is no model yet whose lengthscales could be set",
        "还没有可以设定长度尺度的模型",
    ),
    (
        "this study is recorded: there is nothing to evaluate, only to look at",
        "这是记录：没有可计算的，只能看",
    ),
    (
        "the function has no finite value between {low} and {high}; choose other bounds",
        "函数在 {low} 和 {high} 之间没有有限的值；请换别的边界",
    ),
    (
        "no function can be drawn from {kernel}: {reason}",
        "无法从 {kernel} 抽取函数：{reason}",
    ),
    (
        "there is no recorded study {name} here; give the path of a results file beside the lesson",
        "这里没有记录 {name}；请给出课程旁边结果文件的路径",
    ),
    (
        "there is no function {name}; the functions are {known}",
        "没有函数 {name}；函数有 {known}",
    ),
    (
        "regret tells where the optimum is: V shows the truth first",
        "遗憾会泄露最优：先按 V 揭开真相",
    ),
    ("{name} in {d} dimensions, shifted", "{name}，{d} 维，平移"),
    ("{name} in {d} dimensions", "{name}，{d} 维"),
    // the game
    (
        "the model is hidden until you have placed your point (Enter)",
        "放下你的点（Enter）之前模型是隐藏的",
    ),
    (
        "a game is under way: Enter goes on, Esc ends it",
        "游戏进行中：Enter 继续，Esc 结束",
    ),
    (
        "a game takes a model, and a model a few finished trials",
        "游戏需要模型，模型需要几次完成的试验",
    ),
    (
        "a game takes trials to go on with: there are only {all}",
        "游戏需要后续的试验：只有 {all} 次",
    ),
    (
        "the model still thinks about its own pick: a moment",
        "模型还在想自己的选择：稍等",
    ),
    (
        "the game is over before its first round",
        "第一轮之前游戏就结束了",
    ),
    (
        "a recorded study, as the model of its {all} trials sees it",
        "一份记录，如其 {all} 次试验的模型所见",
    ),
    // the race
    (
        "there is nothing to race on yet: it takes a model of a few finished trials",
        "还没有可赛跑的：需要几次完成的试验的模型",
    ),
    ("no race is running", "没有赛跑在进行"),
    ("the race is called off; it does not count", "赛跑取消；不计成绩"),
    ("the model of {n} trials", "{n} 次试验的模型"),
    // lenses
    ("this is now; , goes back in time", "这是现在；, 回到过去"),
    (
        "no trial has ended yet: there is no past to go to",
        "还没有试验结束：没有过去可去",
    ),
    (
        "this is now: {all} trials have ended",
        "这是现在：已结束 {all} 次试验",
    ),
    (
        "trial {count} is as far back as it goes",
        "最早只能回到第 {count} 次试验",
    ),
    (
        "there is no suggestion yet whose result could be imagined",
        "还没有可以设想结果的建议",
    ),
    (
        "nothing is predicted here yet: type a number",
        "这里还没有预测：请输入一个数",
    ),
    (
        "a number, or g (good), p (as predicted), b (bad)",
        "一个数，或 g（好）、p（如预测）、b（差）",
    ),
    // knobs
    (
        "acquisition {name}: {explanation}",
        "采集函数 {name}：{explanation}",
    ),
    (
        "the logarithm of EI: the same order, with a slope where EI vanishes",
        "EI 的对数：次序相同，在 EI 消失处仍有坡度",
    ),
    (
        "how much better than the best so far, on average",
        "平均比至今最优好多少",
    ),
    (
        "how likely better than the best so far, however little",
        "比至今最优好的概率，不论好多少",
    ),
    (
        "how good at best: the mean plus β standard deviations",
        "最好能有多好：均值加 β 个标准差",
    ),
    (
        "how much it would tell about how good the best can be",
        "能说明最优值有多好的程度",
    ),
    (
        "how much it would tell about where the best is",
        "能说明最优在哪里的程度",
    ),
    (
        "how much it would tell about where the best is and how good",
        "能说明最优在哪里、有多好的程度",
    ),
    (
        "how good it is on one function drawn from what is still possible",
        "在一个仍然可能的函数上有多好",
    ),
    (
        "how much better on average, for each second that a trial takes",
        "试验每花一秒平均好多少",
    ),
    (
        "EI with its sign the wrong way round: it rewards what is worse",
        "符号印反的 EI：它奖励更差的",
    ),
    (
        "ξ = {xi} ({function} does not use it)",
        "ξ = {xi}（{function} 不用它）",
    ),
    (
        "β = {beta} ({function} does not use it)",
        "β = {beta}（{function} 不用它）",
    ),
    (
        "the search starts from the best of a large pool again",
        "搜索又从一大批候选中最好的开始",
    ),
    (
        "the search climbs from 1 scattered place alone: it may miss the highest hill",
        "搜索只从 1 个散布的地方攀登：可能错过最高的山",
    ),
    (
        "the search climbs from {n} scattered places alone: it may miss the highest hill",
        "搜索只从 {n} 个散布的地方攀登：可能错过最高的山",
    ),
    (
        "{n} functions drawn from the prior: nothing is known yet",
        "抽自先验的 {n} 个函数：还一无所知",
    ),
    ("no posterior samples are drawn", "不画后验样本"),
    (
        "one posterior sample, with the place of its best value",
        "一条后验样本，标出它的最优处",
    ),
    (
        "{n} posterior samples, each with the place of its best value",
        "{n} 条后验样本，各标出其最优处",
    ),
    ("the map of the likelihood is still being made", "似然图还在计算"),
    ("the map has no optimum", "图上没有最优"),
    (
        "there is no model yet whose hyperparameters could be set",
        "还没有可以设定超参数的模型",
    ),
    (
        "there is no fitted value to go back to; r fits again",
        "没有可以回到的拟合值；r 重新拟合",
    ),
    ("they are as fitted", "它们就是拟合所得"),
    (
        "hyperparameters are fitted to the data again",
        "超参数重新由数据拟合",
    ),
    (
        "this parameter has no lengthscale that could be set: the kernel has none for it, or there is no model",
        "这个参数没有可设定的长度尺度：核对它没有，或还没有模型",
    ),
    (
        "there is no model yet that acquisition functions could look at",
        "还没有可供采集函数看的模型",
    ),
    ("its next point is still being looked for", "还在找它的下一个点"),
    (
        "there is no model yet whose kernel could be compared",
        "还没有可以比较核的模型",
    ),
    // moving about
    ("there is no {pane} here", "这里没有{pane}"),
    ("there is no configuration to move yet", "还没有可移动的配置"),
    ("there is no suggestion yet", "还没有建议"),
    ("there is no complete trial yet", "还没有完成的试验"),
    ("there is no space yet", "还没有空间"),
    ("there is no trial {id}", "没有试验 {id}"),
    (
        "trial {id} lacks a value for some parameter",
        "试验 {id} 缺少某个参数的值",
    ),
    ("no trial is selected", "没有选中试验"),
    ("this is now", "这是现在"),
    ("a surface needs two parameters", "曲面需要两个参数"),
    (
        "this parameter is locked (L unlocks it)",
        "这个参数已锁定（L 解锁）",
    ),
    (
        "your draft is kept: A accepts it, D discards it",
        "你的草稿保留着：A 接受，D 丢弃",
    ),
    ("there is no draft", "没有草稿"),
    ("draft discarded", "草稿已丢弃"),
    (
        "there is no configuration to edit yet; wait for the first suggestion",
        "还没有可编辑的配置；请等第一个建议",
    ),
    ("not accepted: {why}", "未接受：{why}"),
    ("there is no value to copy yet", "还没有可复制的值"),
    ("there is no configuration to copy yet", "还没有可复制的配置"),
    ("this source holds one study only", "这个来源只有一个研究"),
    // the command
    (
        "the lab needs a terminal, and standard output is none; run it in a terminal window, or use --list",
        "实验室需要终端，而标准输出不是；请在终端窗口里运行，或用 --list",
    ),
    (
        "--low {low} --high {high}: the bounds of a formula are finite, the first below the second",
        "--low {low} --high {high}：公式的边界是有限的数，前者小于后者",
    ),
    (
        "--game is played on a function, a formula, a draw from a prior or a results file, not on a lesson",
        "--game 玩的是函数、公式、先验的抽取或结果文件，不是课程",
    ),
    (
        "the formula {formula}: {why}; write for example 'sin(3*x) + 0.5*x'",
        "公式 {formula}：{why}；请写例如 'sin(3*x) + 0.5*x'",
    ),
    ("{name} (did you mean {near}?)", "{name}（是想说 {near} 吗？）"),
    (
        "there is no lesson, function or file {name}; tunescope learn --list shows what there is",
        "没有课程、函数或文件 {name}；tunescope learn --list 列出有什么",
    ),
    ("cannot read {path}: {why}", "无法读取 {path}：{why}"),
    // a lesson that is none
    ("{file}.md:{line}: {what}", "{file}.md:{line}：{what}"),
    (
        "a lesson starts with a line +++, its settings, and another line +++",
        "课程以一行 +++ 开始，接着是设置，再一行 +++",
    ),
    (
        "the front matter has no closing line +++",
        "设置之后没有结束的一行 +++",
    ),
    (
        "unknown field {field}, expected one of {known}",
        "没有设置项 {field}；可用的有 {known}",
    ),
    ("missing field {field}; add it", "缺少设置项 {field}；请加上"),
    (
        "say what is explored: one of function, formula, prior, study",
        "请说明探索什么：function、formula、prior、study 之一",
    ),
    (
        "only one of function, formula, prior and study can be explored; keep one",
        "function、formula、prior、study 只能探索一个；请留一个",
    ),
    (
        "a formula needs low < high, both finite",
        "公式需要 low < high，都是有限的数",
    ),
    (
        "a formula gives a number, not true or false",
        "公式给出一个数，而不是真假",
    ),
    ("in the formula, {what}", "公式里，{what}"),
    ("in the check, {what}", "检查里，{what}"),
    (
        "a check is true or false: compare with <, <=, >, >=, == or !=",
        "检查要有真假：请用 <、<=、>、>=、== 或 != 比较",
    ),
    (
        "a point has {n} where the function has {d}",
        "一个点有 {n}，而函数有 {d}",
    ),
    ("{x} is outside {low} … {high}", "{x} 在 {low} … {high} 之外"),
    (
        "a recorded study has its own points; leave this out",
        "记录有自己的点；请去掉这一项",
    ),
    (
        "there is no panel {panel} to {do}; the panels are {known}",
        "没有可 {do} 的窗格 {panel}；窗格有 {known}",
    ),
    (
        "there is no knob {name}; the knobs are {known}",
        "没有旋钮 {name}；旋钮有 {known}",
    ),
    (
        "there is no acquisition function {name}; they are {known}",
        "没有采集函数 {name}；有 {known}",
    ),
    (
        "there is no direction @{name}; the directions are {known}",
        "没有指令 @{name}；指令有 {known}",
    ),
    (
        "@{name} stands before the first heading (## …); move it below one",
        "@{name} 在第一个标题（## …）之前；请移到标题之下",
    ),
    (
        "@{name} says nothing; write it on the same line",
        "@{name} 什么也没说；请写在同一行",
    ),
    (
        "@{name} has no @do before it that says what to do; add one",
        "@{name} 之前没有说明做什么的 @do；请加上",
    ),
    (
        "@do has no @until that says when it is done, and no answers; add one",
        "@do 没有说明何时完成的 @until，也没有答案；请加一个",
    ),
    (
        "a task has an @until or answers, not both",
        "一个任务要么有 @until，要么有答案，不能都有",
    ),
    (
        "a question has one @right answer, and one to three @wrong ones",
        "一个问题有一个 @right 答案和一到三个 @wrong 答案",
    ),
    (
        "a step has one @do; begin another step with ##",
        "一步只有一个 @do；请用 ## 开始另一步",
    ),
    (
        "a step begins with ## , a space and its heading",
        "一步以 ## 、空格和标题开始",
    ),
    ("write @set NAME = VALUE", "请写 @set 名字 = 值"),
    (
        "{name} is set to a number, not {value}",
        "{name} 应设为一个数，而不是 {value}",
    ),
    ("{name} is at least 0, not {x}", "{name} 不小于 0，而不是 {x}"),
    (
        "sign is right or wrong, not {word}",
        "sign 是 right 或 wrong，而不是 {word}",
    ),
    (
        "lengthscale is above 0, not {x}",
        "lengthscale 大于 0，而不是 {x}",
    ),
    (
        "{field} is {wanted}, not {found}",
        "{field} 是{wanted}，而不是 {found}",
    ),
    ("a number", "一个数"),
    ("a whole number of at least 0", "不小于 0 的整数"),
    ("a text in quotation marks", "引号里的文字"),
    ("a list in [ ]", "[ ] 里的列表"),
    // expressions and lessons
    (
        "there is nothing; write an expression such as {example}",
        "什么也没有；请写一个表达式，例如 {example}",
    ),
    (
        "character {at}: {wanted} was expected, not {found}",
        "第 {at} 个字符：应为{wanted}，而不是 {found}",
    ),
    (
        "character {at}: there is no {name} here; the names are {known}",
        "第 {at} 个字符：这里没有 {name}；可用的名字有 {known}",
    ),
    (
        "character {at}: there is no function {name}; the functions are {known}",
        "第 {at} 个字符：没有函数 {name}；函数有 {known}",
    ),
];
