# Print the completions of a partially typed command line: `bash complete.sh WORD...`
eval "$(_LLM_STATS_COMPLETE=bash_source llm-stats)"
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_llm_stats_completion llm-stats
printf '%s\n' "${COMPREPLY[@]}"
