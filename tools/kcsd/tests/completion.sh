#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Test the completion for bash. Print TAP.
#
#	completion.sh KCSD OUTPUT
# shellcheck source=tools/kcsd/tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tools/kcsd/kcsd.bash
. "$top/tools/kcsd/kcsd.bash"
PATH=$(dirname "$kcsd"):$PATH

# completes WANTED WORD...: test what the last word can become.
completes()
{
	local wanted=$1

	shift
	COMP_WORDS=(kcsd "$@")
	COMP_CWORD=$#
	COMPREPLY=()
	_kcsd
	is "kcsd $*" "${COMPREPLY[*]}" "$wanted"
}

completes "kv" k
completes "power power-cut" pow
completes "put" kv pu
completes "exists export" kv ex
completes "--if-exists --if-missing" kv put --if
completes "--long --literal" kv ls --l
completes "report reset" zone re
completes "" kv put a
finish
