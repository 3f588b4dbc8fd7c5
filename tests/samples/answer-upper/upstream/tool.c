#include <middle.h>
#include <stdio.h>

int main(void)
{
    return printf("#define TABLE %d\n", middle_number()) < 0;
}
