/* cmd_explain.c: drverify explain [CODE] */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "drverify.h"
#include "message.h"
#include "suggest.h"

#define PAGE_WIDTH 78
#define INDENT 9

static const char *code_at(size_t index, const void *user)
{
	const struct drv_explanation *explanation = drv_finding_at(index);

	(void)user;
	return explanation ? explanation->code : NULL;
}

/* A labelled paragraph, broken between words. */
static void print_paragraph(const char *label, const char *text)
{
	size_t at = INDENT;

	printf("\n%-*s", INDENT, label);
	while (*text) {
		size_t len = strcspn(text, " ");

		if (at > INDENT && at + 1 + len > PAGE_WIDTH) {
			printf("\n%*s", INDENT, "");
			at = INDENT;
		} else if (at > INDENT) {
			putchar(' ');
			at++;
		}
		printf("%.*s", (int)len, text);
		at += len;
		text += len + strspn(text + len, " ");
	}
	putchar('\n');
}

static void print_list(void)
{
	const struct drv_explanation *explanation;

	for (size_t i = 0; (explanation = drv_finding_at(i)); i++)
		printf("%-34s %s\n", explanation->code, drv_verdict_name(explanation->effect));
	puts("\ndrverify explain CODE says what a code means and what to do next.");
}

int cmd_explain(const struct options *options)
{
	const struct drv_explanation *explanation;
	char shown[REPEAT_MAX];
	const char *guess;

	if (!options->operand) {
		print_list();
		return 0;
	}
	explanation = drv_finding_explain(options->operand);
	if (!explanation) {
		guess = nearest(options->operand, code_at, NULL);
		complain("there is no finding code \"%s\"%s%s%s",
			 repeatable(shown, options->operand),
			 guess ? "; did you mean \"" : "; drverify explain lists them all",
			 guess ? guess : "", guess ? "\"?" : "");
		return EXIT_UNDECIDED;
	}
	printf("%s: %s\n", explanation->code, drv_verdict_name(explanation->effect));
	print_paragraph("meaning", explanation->meaning);
	print_paragraph("why", explanation->why);
	print_paragraph("next", explanation->next);
	return 0;
}
