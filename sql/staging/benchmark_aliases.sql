-- Benchmarks that upstream lists under several ids. Marts use `benchmark_id`. The list is
-- maintained by hand, with a reason for each entry.
-- Grain: alias.
-- Order: alias.
-- Reads: nothing.
-- Two ids are the same benchmark if their values can be compared: the same tasks, the same split
-- and the same kind of measure. A different version, language, grader or set of tasks makes a
-- different benchmark. Do not merge two ids if a model has clearly different values under them;
-- differences of a few hundredths are acceptable.
create or replace view staging.benchmark_aliases as
select
    cast(listed_aliases.alias as varchar) as alias,
    cast(listed_aliases.benchmark_id as varchar) as benchmark_id,
    cast(listed_aliases.reason as varchar) as reason
from
    (
        values
        ('ai2-reasoning-challenge-(arc)', 'arc-c', 'the challenge set of ARC in both'),
        ('bbh', 'big-bench-hard', 'short name of BIG-Bench Hard'),
        ('bfcl-v3-multiturn', 'bfcl-v3', 'the value is the overall accuracy on BFCL v3'),
        ('crux-o', 'cruxeval-o', 'short name of CRUXEval, output prediction'),
        ('docvqatest', 'docvqa', 'DocVQA is reported on its test split'),
        ('french-mmlu', 'mmlu-french', 'MMLU in French in both'),
        ('gsm-8k-(cot)', 'gsm8k', 'the same problems; chain of thought is usual'),
        ('hle', 'humanity''s-last-exam', 'short name of Humanity''s Last Exam'),
        ('hmmt25', 'hmmt-2025', 'HMMT February 2025 in both'),
        ('humaneval-plus', 'humaneval+', 'HumanEval+ in words'),
        ('infographicsqa', 'infovqa', 'InfographicVQA in both'),
        ('infovqatest', 'infovqa', 'InfographicVQA is reported on its test split'),
        ('math-(cot)', 'math', 'the same problems; chain of thought is usual'),
        ('mathvista-mini', 'mathvista', 'MathVista is reported on its testmini split'),
        ('mbpp-++-base-version', 'mbpp-evalplus', 'MBPP of EvalPlus, base tests, in both'),
        ('mbpp-evalplus-(base)', 'mbpp-evalplus', 'MBPP of EvalPlus, base tests, in both'),
        ('mbpp-pass@1', 'mbpp', 'MBPP is measured as pass@1'),
        ('mbpp-plus', 'mbpp+', 'MBPP+ in words'),
        ('mlvu-m', 'mlvu', 'M-Avg is the main measure of MLVU'),
        ('mmmu-(val)', 'mmmu', 'MMMU is reported on its validation split'),
        ('mmmu-(validation)', 'mmmu', 'MMMU is reported on its validation split'),
        ('mmmuval', 'mmmu', 'MMMU is reported on its validation split'),
        ('multilf', 'multi-if', 'Multi-IF, misspelled'),
        ('multilingual-mgsm-(cot)', 'mgsm', 'MGSM is multilingual; chain of thought is usual'),
        ('nq', 'natural-questions', 'short name of Natural Questions'),
        (
            'scale-multichallenge',
            'multichallenge-(o3-mini-grader)',
            'MultiChallenge of Scale AI, graded by o3-mini in both'
        ),
        (
            'swe-bench-verified-(agentic-coding)',
            'swe-bench-verified',
            'an agent solves the tasks in both'
        )
    ) as listed_aliases (alias, benchmark_id, reason);

comment on view staging.benchmark_aliases is 'One row per alias: an additional id that upstream uses for a benchmark. The list is maintained by hand';
comment on column staging.benchmark_aliases.alias is 'Additional id that upstream uses for the benchmark; the id may have no scores';
comment on column staging.benchmark_aliases.benchmark_id is 'Id that the marts use for the benchmark';
comment on column staging.benchmark_aliases.reason is 'Why both ids are the same benchmark';
