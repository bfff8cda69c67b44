#!/usr/bin/env python3
"""complete.py: writes the completion of drverify for a shell from its tables

usage: complete.py bash|zsh|fish TABLES
TABLES is what drverify help tables prints.
"""
import sys

from tables import Tables

HEAD = "# Completion of drverify; generated from its table of commands.\n"
FILES = ("FILE", "KEY", "KEY.pub", "A B")


def values(tables, argument):
    """What may follow an option: a kind, and the words of it where they are known."""
    if argument in FILES:
        return "file", []
    if argument == "FOLDER":
        return "folder", []
    if argument == "FORMAT":
        return "words", tables.formats
    if argument == "FORMAT=PATH":
        return "prefixes", [name + "=" for name in tables.formats]
    if argument == "[COMMAND]":
        return "words", [command.name for command in tables.commands]
    if argument == "[CODE]":
        return "words", [code for code, _ in tables.findings]
    return "text", []


# ------------------------------------------------------------------ bash

BASH = """\
_drverify()
{
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
	local command=verify
	COMPREPLY=()
	# "--write json=PATH" and "--format=text" come as three words, because = parts words.
	if [[ $current == = ]]; then
		current=
	elif [[ $previous == = ]]; then
		previous=${COMP_WORDS[COMP_CWORD-2]}
	fi
	if [[ ${COMP_WORDS[COMP_CWORD]} == = || ${COMP_WORDS[COMP_CWORD-1]} == = ]] &&
		[[ $previous != -* ]]; then
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
	fi
	if ((COMP_CWORD > 1)) && [[ ${COMP_WORDS[1]} != -* ]]; then
		command=${COMP_WORDS[1]}
	fi
	if ((COMP_CWORD == 1)) && [[ $current != -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W '@COMMANDS@' -- "$current")
		return
	fi
	case $command$previous in
@VALUES@	esac
	if [[ $current == -* ]]; then
		case $command in
@OPTIONS@		esac
		return
	fi
	case $command in
@OPERANDS@	esac
}
complete -F _drverify drverify
"""


def bash_reply(kind, words):
    def reply(compgen, option=""):
        before = f"compopt -o {option} 2>/dev/null; " if option else ""
        return f'{before}mapfile -t COMPREPLY < <(compgen {compgen} -- "$current")'

    if kind == "file":
        return reply("-f", "filenames")
    if kind == "folder":
        return reply("-d", "filenames")
    if kind == "text":
        return "COMPREPLY=()"
    return reply(f"-W '{' '.join(words)}'", "nospace" if kind == "prefixes" else "")


def bash(tables):
    by_value, options, operands = {}, "", ""
    for command in tables.commands:
        words = []
        for option in tables.options_of(command.name):
            words.append("--" + option.name)
            if option.argument:
                reply = bash_reply(*values(tables, option.argument))
                by_value.setdefault(reply, []).append(f"{command.name}--{option.name}")
        options += (f"\t\t{command.name})\n\t\t\tmapfile -t COMPREPLY < <(compgen -W "
                    f"'{' '.join(words)}' -- \"$current\")\n\t\t\t;;\n")
        if command.operand:
            reply = bash_reply(*values(tables, command.operand))
            operands += f"\t{command.name})\n\t\t{reply}\n\t\t;;\n"
    cases = "".join(f"\t{'|'.join(names)})\n\t\t{reply}\n\t\treturn\n\t\t;;\n"
                    for reply, names in by_value.items())
    return (HEAD + BASH.replace("@COMMANDS@", " ".join(c.name for c in tables.commands))
            .replace("@VALUES@", cases).replace("@OPTIONS@", options)
            .replace("@OPERANDS@", operands))


# ------------------------------------------------------------------ zsh

ZSH = """\
_drverify_report() {
	if compset -P '*='; then
		_files
	else
		compadd -S = -- @FORMATS@
	fi
}
_drverify() {
	local command=verify
	local -a commands
	commands=(
@COMMANDS@	)
	if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
		_describe command commands
		return
	fi
	if [[ $words[2] != -* ]]; then
		command=$words[2]
		shift words
		(( CURRENT-- ))
	fi
	case $command in
@CASES@	esac
}
if [[ $funcstack[1] == _drverify ]]; then
	_drverify "$@"
else
	compdef _drverify drverify
fi
"""


def zsh_text(text):
    for character in "\\:[]":
        text = text.replace(character, "\\" + character)
    return text.replace("'", "'\\''")


def zsh_action(kind, words):
    if kind == "file":
        return "_files"
    if kind == "folder":
        return "_files -/"
    if kind == "words":
        return f"({' '.join(words)})"
    if kind == "prefixes":
        return "_drverify_report"
    return ""


def zsh_option(tables, option):
    names = [f"--{option.name}"] + ([f"-{option.letter}"] if option.letter else [])
    value = ""
    if option.argument:
        action = zsh_action(*values(tables, option.argument))
        value = f":{zsh_text(option.argument)}:{action}"
    # Options may be repeated where their help says so; the others exclude themselves.
    star = "*" if "repeat" in " ".join(option.help) else ""
    return "".join(f"\t\t\t'{star}{name}[{zsh_text(' '.join(option.help))}]{value}' \\\n"
                   for name in names)


def zsh(tables):
    names = "".join(f"\t\t'{command.name}:{zsh_text(command.summary)}'\n"
                    for command in tables.commands)
    cases = ""
    for command in tables.commands:
        lines = "".join(zsh_option(tables, o) for o in tables.options_of(command.name))
        operand = command.operand or ""
        for word in operand.split():
            action = zsh_action(*values(tables, word if word != operand and len(word) > 1
                                        else operand))
            lines += f"\t\t\t':{zsh_text(word.strip('[]'))}:{action}' \\\n"
        cases += f"\t{command.name})\n\t\t_arguments \\\n{lines[:-3]}\n\t\t;;\n"
    return ("#compdef drverify\n" + HEAD +
            ZSH.replace("@FORMATS@", " ".join(tables.formats)).replace("@COMMANDS@", names)
            .replace("@CASES@", cases))


# ------------------------------------------------------------------ fish

FISH = """\
function __drverify_is
	set -l words (commandline -opc)
	set -l command verify
	if set -q words[2]; and not string match -q -- '-*' $words[2]
		set command $words[2]
	end
	contains -- $command $argv
end
function __drverify_first
	test (count (commandline -opc)) -eq 1
end
complete -c drverify -f
"""


def fish_text(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def fish_value(kind, words):
    if kind == "file":
        return " -r -F"
    if kind == "folder":
        return " -x -a '(__fish_complete_directories)'"
    if kind == "text":
        return " -x"
    return f" -x -a {fish_text(' '.join(words))}"


def fish(tables):
    lines = HEAD + FISH
    for command in tables.commands:
        lines += (f"complete -c drverify -n __drverify_first -a {command.name} "
                  f"-d {fish_text(command.summary)}\n")
        if command.operand:
            value = fish_value(*values(tables, command.operand)).replace(" -r", "").replace(
                " -x", "")
            lines += f"complete -c drverify -n '__drverify_is {command.name}'{value}\n"
    for option in tables.options:
        value = fish_value(*values(tables, option.argument)) if option.argument else ""
        letter = f" -s {option.letter}" if option.letter else ""
        lines += (f"complete -c drverify -n '__drverify_is {' '.join(option.commands)}'{letter} "
                  f"-l {option.name}{value} -d {fish_text(' '.join(option.help))}\n")
    return lines


if __name__ == "__main__":
    SHELLS = {"bash": bash, "zsh": zsh, "fish": fish}
    if len(sys.argv) != 3 or sys.argv[1] not in SHELLS:
        sys.exit(__doc__)
    sys.stdout.write(SHELLS[sys.argv[1]](Tables(sys.argv[2])))
