#include <answer.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    printf("answer %s: %d\n", answer_version(), answer_number());
    return answer_number() != 42 || strcmp(answer_version(), ANSWER_VERSION) != 0;
}
