#include <answer.h>
#include <question.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    printf("answer %s: %d\n", answer_version(), answer_number());
    return !question_is_answered_by(42) || strcmp(answer_version(), ANSWER_VERSION) != 0;
}
