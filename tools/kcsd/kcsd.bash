# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Completion of kcsd for bash: commands, actions and options, as `kcsd help` prints them; then drives
# and files.

_kcsd()
{
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words
	local command=${COMP_WORDS[1]:-}

	if [ "$COMP_CWORD" = 1 ]; then
		words=$(kcsd help 2>/dev/null | sed -n 's/^  \([a-z-]\{1,\}\)  .*/\1/p')
	elif [[ $before == --drive || $before == -d ]]; then
		words=$(cd /sys/class/kcsd 2>/dev/null && echo *)
	elif [[ $word == -* ]]; then
		words=$(kcsd help "$command" 2>/dev/null |
			sed -n 's/^  \(-.,\|   \) \(--[a-z-]*\).*/\2/p')
	elif [ "$COMP_CWORD" = 2 ]; then
		# The actions of a command: "kv put|get|ls [KEY|DIR]...".
		words=$(kcsd help "$command" 2>/dev/null |
			sed -n '1s/^Usage: kcsd [a-z-]* \[OPTION\]\.\.\. \([a-z]*|[a-z|]*\).*/\1/p' | tr '|' ' ')
	fi
	mapfile -t COMPREPLY < <(compgen -W "${words:-}" -- "$word")
}
complete -o bashdefault -o default -F _kcsd kcsd
