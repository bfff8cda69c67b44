"""tables.py: reads what drverify help tables prints: commands, options, formats, finding codes"""


class Command:
    def __init__(self, name, operand, summary):
        self.name, self.operand, self.summary = name, operand, summary
        self.text = []


class Option:
    def __init__(self, name, letter, argument, commands):
        self.name, self.letter, self.argument = name, letter, argument
        self.commands = commands.split()
        self.help = []


class Tables:
    """One option name may stand in several rows, which differ in the commands that take it."""

    def __init__(self, path):
        self.commands, self.options, self.formats, self.findings = [], [], [], []
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                kind, *fields = line.rstrip("\n").split("\t")
                self.take(kind, fields)

    def take(self, kind, fields):
        if kind == "command":
            self.commands.append(Command(*fields))
        elif kind == "text":
            self.commands[-1].text.append(fields[1])
        elif kind == "option":
            self.options.append(Option(*fields))
        elif kind == "help":
            self.options[-1].help.append(fields[1])
        elif kind == "format":
            self.formats.append(fields[0])
        elif kind == "finding":
            self.findings.append(tuple(fields))
        else:
            raise ValueError(f"a line of an unknown kind: {kind}")

    def options_of(self, command):
        return [option for option in self.options if command in option.commands]
