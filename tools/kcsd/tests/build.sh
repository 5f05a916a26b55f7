#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Test kcsd build and kcsd image, which make images for a drive from C. Print TAP.
#
#	build.sh KCSD OUTPUT
# shellcheck source=tools/kcsd/tests/lib.sh
. "$(dirname "$0")/lib.sh"

# make_source NAME LINE...: write these lines and a program NAME with the body of stdin.
make_source()
{
	local name=$1

	shift
	{
		printf '%s\n' "$@" '#include <kcsd_helpers.h>' 'SEC("kcsd")'
		printf '__u64 %s(struct kcsd_ctx *ctx)\n' "$name"
		cat
	} >"$work/$name.bpf.c"
}

# Test all compilers that are installed; at least one must be.
check_compilers()
{
	local clang nr=0

	printf 'one\ntwo\n' >"$work/text"
	for clang in clang clang-14 clang-19; do
		command -v "$clang" >/dev/null || continue
		nr=$((nr + 1))
		code 0 "$clang: build" build "$top/bpf/lines.bpf.c" --clang "$clang" -o "$clang.o"
		prints "program: lines"
		code 0 "$clang: it runs" sim "$clang.o" --lba text
		prints "result: 2"
		make_source stdio '#include <stdio.h>' <<<'{ return 0; }'
		code 1 "$clang: <stdio.h>" build stdio.bpf.c --clang "$clang"
		says "hint: a drive has no C library: leave out <stdio.h>"
		make_source stack <<-'END'
			{
				volatile char big[4096];

				for (int i = 0; i < 4096; i++)
					big[i] = ctx->cparam1;
				return big[ctx->cparam2 % 4096];
			}
		END
		code 1 "$clang: too much stack" build stack.bpf.c --clang "$clang"
		says "hint: a function has 512 bytes of stack, and a drive has no maps"
	done
	is "there is a compiler" $((nr > 0)) 1
}

check_build()
{
	code 0 "build, whatever compiler there is" build "$top/bpf/word.bpf.c" --verbose
	prints "object: word.bpf.o"
	says "-target bpf"
	says "/word.bpf.c -o word.bpf.o"
	is "  and no hint" "$(grep -c hint "$work/err")" 0
	code 0 "build, several programs" build "$top/bpf/tests/behave.bpf.c"
	prints "program: add"
	prints "program: echo"
	code 1 "build, not for a drive" build "$top/bpf/tests/unknown_helper.bpf.c"
	says "(unknown_helper.bpf.c:"
	says "call of an unknown helper"
	code 1 "build, no program" build "$top/bpf/tests/no_program.bpf.c"
	says 'no program: a program is a function with SEC("kcsd")'
	make_source wrong <<<'{ return nothing; }'
	code 1 "build, an error" build wrong.bpf.c
	says "undeclared identifier 'nothing'"
	is "  and no hint" "$(grep -c hint "$work/err")" 0
	make_source own '#include <own.h>' <<<'{ return OWN; }'
	mkdir -p "$work/own"
	echo '#define OWN 7' >"$work/own/own.h"
	code 0 "build, with a header" build own.bpf.c -I own
	code 0 "  and it is the one" sim own.bpf.o
	prints "result: 7"
	cp "$work/own.bpf.c" "$work/-own.bpf.c"
	code 0 "build, a name like an option" build -I own -- -own.bpf.c
	code 1 "build, over its source" build own.bpf.c -I own -o own.bpf.c
	says "--output: own.bpf.c is the same file as own.bpf.c, which is read"
	is "  and it is there" "$(cmp "$work/own.bpf.c" "$work/-own.bpf.c" && echo same)" same
	ln "$work/own.bpf.c" "$work/own.link"
	code 1 "build, over its source by another name" build own.bpf.c -I own -o own.link
	code 1 "build, to no directory" build own.bpf.c -I own -o none/x.o --verbose
	is "  and no compiler is asked" "$(cat "$work/err")" \
		"kcsd: --output: none/x.o: No such file or directory"
	code 1 "build, to no file" build own.bpf.c -I own -o /dev/null
	says "not a regular file"
	cp "$work/own.bpf.o" "$work/before.o"
	code 1 "build, no program, over an object" build "$top/bpf/tests/no_program.bpf.c" \
		-o own.bpf.o
	is "  and no object is named" "$(grep -c '^object:' "$work/out")" 0
	is "  and what was there stays" "$(cmp "$work/own.bpf.o" "$work/before.o" && echo same)" same
	is "  and nothing else" "$(cd "$work" && ls own.bpf.o*)" own.bpf.o
	code 1 "build, no such file" build none.bpf.c
	says "none.bpf.c: No such file or directory"
	code 2 "build, no C file" build text
	says "'text' is not a C file"
	code 1 "build, no compiler" build own.bpf.c --clang none
	says "--clang: there is no command 'none'"
	code 1 "build, a compiler of something else" build own.bpf.c --clang false
	says "--clang: 'false' does not compile for BPF: version 14 or newer is needed"
	make_source number <<<'{ double d = ctx->cparam1; return d * 1.5; }'
	code 1 "build, floating point" build number.bpf.c
	says "hint: a drive has no floating point"
	make_source print 'int printf(const char *, ...);' <<<'{ printf("x"); return 0; }'
	code 1 "build, printf()" build print.bpf.c
	says "hint: a drive has no C library"
	is "  and there is no object" "$(cd "$work" && echo print.bpf.o*)" 'print.bpf.o*'
}

# Test the folders that "make install" makes.
check_installed()
{
	mkdir -p "$work/usr/bin" "$work/usr/include/linux"
	cp "$kcsd" "$work/usr/bin"
	cp "$top"/bpf/*.h "$work/usr/include"
	cp "$top"/include/uapi/linux/*.h "$work/usr/include/linux"
	kcsd=$work/usr/bin/kcsd code 0 "build, installed" build "$top/bpf/word.bpf.c" --verbose
	says "-I $(realpath "$work")/usr/include -"
	rm -r "$work/usr/include"
	kcsd=$work/usr/bin/kcsd code 1 "build, without headers" build "$top/bpf/word.bpf.c"
	says "cannot find kcsd_helpers.h near this command: name its directory with --include"
	kcsd=$work/usr/bin/kcsd code 0 "build, headers elsewhere" build "$top/bpf/word.bpf.c" \
		-I "$top/bpf" -I "$top/include/uapi"
}

check_image()
{
	local big

	code 0 "image" image "$bpf/word.bpf.o" --output word.image
	prints "program: word"
	prints "size: $(stat -c %s "$work/word.image") bytes"
	is "  and it is one" "$(head -c 8 "$work/word.image" | od -An -tx1 | tr -d ' ')" \
		ff4b435344425046
	code 0 "image, JSON" image "$bpf/word.bpf.o" -o word.image --json
	is "  and what it says" "$(jq -r '[.program, .size] | @csv' "$work/out")" \
		"\"word\",$(stat -c %s "$work/word.image")"
	code 0 "image, to standard output" image "$bpf/word.bpf.o" -o -
	is "  and nothing else" "$(cmp "$work/out" "$work/word.image" && cat "$work/err")" ""
	code 0 "image, of an image" image word.image -o - --program word
	is "  and it is the same" "$(cmp "$work/out" "$work/word.image")" ""
	code 0 "image, it runs" sim word.image --lba text --arg o
	prints "result: 2"
	code 0 "image, one of several, with a heap" image "$bpf/tests/behave.bpf.o" \
		--program heap --heap 5000 -o heap.image
	code 0 "image, it has its heap" sim heap.image
	prints "result: 5000"
	code 1 "image, another one in sim" sim heap.image --program none
	says "heap.image: no program none: there is heap"
	code 0 "image, a larger heap" image heap.image --heap 6000 -o heap2.image
	is "  and sim gives it that, too" \
		"$("$kcsd" sim "$work/heap.image" --heap 6000 --json 2>&1 | grep -v _ns)" \
		"$("$kcsd" sim "$work/heap2.image" --json 2>&1 | grep -v _ns)"
	code 1 "image, which of several" image "$bpf/tests/behave.bpf.o" -o x
	says "several programs, name one"
	code 1 "image, another program" image word.image -o x --program grep
	says "word.image: no program grep: there is word"
	cp "$bpf/word.bpf.o" "$work/same.o"
	code 1 "image, over its object" image same.o -o ./same.o
	says "--output: ./same.o is the same file as same.o, which is read"
	is "  and it is there" "$(cmp "$work/same.o" "$bpf/word.bpf.o" && echo same)" same
	code 1 "image, of the source" image "$top/bpf/word.bpf.c" -o x
	says "word.bpf.c: this is C source: compile it with 'kcsd build "
	code 2 "image, to nowhere" image "$bpf/word.bpf.o"
	says "--output is missing"
	code 1 "image, a full disk" image "$bpf/word.bpf.o" -o /dev/full
	says "No space left on device"
	big=$(stat -c %s "$work/word.image")
	head -c $((big - 1)) "$work/word.image" >"$work/cut.image"
	code 1 "image, cut" image cut.image -o x
	says "cut.image: malformed program image"
	{
		head -c 64 "$work/word.image"
		printf '\377\377\377\377'
		tail -c +69 "$work/word.image"
	} >"$work/bad.image"
	code 1 "image, of a bad program" image bad.image -o x
	says "bad.image: section kcsd, instruction 0: unknown or unsupported instruction"
}

begin
check_compilers
check_build
check_installed
check_image
finish
