#include <asker.h>
#include <stdio.h>

int main(void)
{
    return printf("%d\n", asker_finds()) < 0;
}
