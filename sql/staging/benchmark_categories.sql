-- Additional categories of benchmarks. The list is maintained by hand, with a reason for each
-- entry.
-- Grain: benchmark_id, category.
-- Order: category, benchmark_id.
-- Reads: nothing.
-- Upstream's categories are coarse: most benchmarks about code, for example, are in `reasoning` or
-- `general`. This list adds categories. Use only categories that upstream uses.
create or replace view staging.benchmark_categories as
select
    cast(listed_categories.benchmark_id as varchar) as benchmark_id,
    cast(listed_categories.category as varchar) as category,
    cast(listed_categories.reason as varchar) as reason
from
    (
        values
        ('aider', 'code', 'edits of source files'),
        ('aider-polyglot', 'code', 'programming exercises in six languages'),
        ('aider-polyglot-edit', 'code', 'programming exercises in six languages, as edits'),
        ('bigcodebench', 'code', 'Python functions that use libraries'),
        ('bigcodebench-full', 'code', 'Python functions that use libraries'),
        ('bigcodebench-hard', 'code', 'Python functions that use libraries'),
        ('bird-sql-(dev)', 'code', 'SQL queries from questions'),
        ('codeforces', 'code', 'competitive programming'),
        ('cruxeval-input-cot', 'code', 'prediction of a function''s input'),
        ('cruxeval-o', 'code', 'prediction of a function''s output'),
        ('cruxeval-output-cot', 'code', 'prediction of a function''s output'),
        ('ds-arena-code', 'code', 'coding questions, judged by a model'),
        ('ds-fim-eval', 'code', 'completion in the middle of code'),
        ('evalplus', 'code', 'Python functions with many tests'),
        ('humaneval', 'code', 'Python functions'),
        ('humaneval+', 'code', 'Python functions with many tests'),
        ('humaneval-average', 'code', 'functions in several languages'),
        ('humaneval-er', 'code', 'repair of Python functions'),
        ('humaneval-mul', 'code', 'functions in several languages'),
        ('humanevalfim-average', 'code', 'completion in the middle of code'),
        ('instruct-humaneval', 'code', 'Python functions, as instructions'),
        ('lbpp-(v2)', 'code', 'less basic Python problems'),
        ('livecodebench', 'code', 'recent programming contests'),
        ('livecodebench(01-09)', 'code', 'recent programming contests'),
        ('livecodebench-v5', 'code', 'recent programming contests'),
        ('livecodebench-v5-24.12-25.2', 'code', 'recent programming contests'),
        ('livecodebench-v6', 'code', 'recent programming contests'),
        ('mbpp', 'code', 'basic Python problems'),
        ('mbpp+', 'code', 'basic Python problems with many tests'),
        ('mbpp-evalplus', 'code', 'basic Python problems'),
        ('multipl-e', 'code', 'functions in many languages'),
        ('multipl-e-humaneval', 'code', 'functions in many languages'),
        ('multipl-e-mbpp', 'code', 'functions in many languages'),
        ('natural2code', 'code', 'Python functions, not published'),
        ('ojbench', 'code', 'competitive programming'),
        ('repobench', 'code', 'completion of code in a repository'),
        ('repoqa', 'code', 'search for a function in a repository'),
        ('scicode', 'code', 'scientific programs'),
        ('spider', 'code', 'SQL queries from questions'),
        ('swe-bench-multilingual', 'code', 'repairs in repositories of several languages'),
        ('swe-bench-verified', 'code', 'repairs in Python repositories'),
        ('swe-bench-verified-(agentless)', 'code', 'repairs in Python repositories'),
        ('swe-bench-verified-(multiple-attempts)', 'code', 'repairs in Python repositories'),
        ('swe-lancer', 'code', 'paid programming jobs'),
        ('swe-lancer-(ic-diamond-subset)', 'code', 'paid programming jobs'),
        ('terminal-bench', 'code', 'tasks in a terminal'),
        ('terminus', 'code', 'tasks in a terminal, with the agent Terminus'),
        ('chartqa', 'vision', 'questions about charts'),
        ('charxiv-d', 'vision', 'questions about charts'),
        ('charxiv-r', 'vision', 'questions about charts'),
        ('mathvision', 'vision', 'mathematics in images'),
        ('mathvista', 'vision', 'mathematics in images'),
        ('mm-mt-bench', 'vision', 'conversations about images'),
        ('mmmu', 'vision', 'college questions with images'),
        ('vibe-eval', 'vision', 'questions about photos'),
        ('global-mmlu', 'language', 'knowledge in many languages'),
        ('global-mmlu-lite', 'language', 'knowledge in many languages'),
        ('include', 'language', 'regional knowledge in many languages'),
        ('mega-xcopa', 'language', 'common sense in many languages'),
        ('mega-xstorycloze', 'language', 'stories in many languages'),
        ('mgsm', 'language', 'word problems in many languages'),
        ('multi-if', 'language', 'instructions in many languages'),
        ('multilingual-mmlu', 'language', 'knowledge in many languages'),
        ('openai-mmlu', 'language', 'knowledge in many languages'),
        ('browsecomp-long-128k', 'long_context', 'answers in 128,000 tokens'),
        ('browsecomp-long-256k', 'long_context', 'answers in 256,000 tokens'),
        ('flenqa', 'long_context', 'reasoning over texts of growing length'),
        ('graphwalks-bfs-<128k', 'long_context', 'search in a graph of up to 128,000 tokens'),
        ('graphwalks-bfs->128k', 'long_context', 'search in a graph of more than 128,000 tokens'),
        ('graphwalks-parents-<128k', 'long_context', 'search in a graph of up to 128,000 tokens'),
        (
            'graphwalks-parents->128k',
            'long_context',
            'search in a graph of more than 128,000 tokens'
        )
    ) as listed_categories (benchmark_id, category, reason);

comment on view staging.benchmark_categories is 'One row per benchmark and additional category, with the reason; maintained by hand';
comment on column staging.benchmark_categories.benchmark_id is 'Benchmark id that the marts use (see staging.benchmark_aliases); the benchmark may have no scores';
comment on column staging.benchmark_categories.category is 'Additional category of the benchmark';
comment on column staging.benchmark_categories.reason is 'Reason for the category: what the benchmark measures';
