set -eu
# variables
export CC='/bin/cc -m64'
export CFLAGS='-O2 -ffile-prefix-map=/w/source=. -ffile-prefix-map=/w/build=. -DA '"'"'-DB="b c"'"'"''
export LDFLAGS='-Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed -Wl,--build-id=none -Wl,--version-script=/w/version-script.map -lm'
export LC_ALL=C
export TZ=UTC
export SOURCE_DATE_EPOCH=1700000000
export CXX=/bin/c++
export CXXFLAGS='-O2 -ffile-prefix-map=/w/source=. -ffile-prefix-map=/w/build=. -DA '"'"'-DB="b c"'"'"''

# folders and files; at the end, below `# commands`, is what runs
mkdir -p /w
mkdir -p /w/source
printf %s 'ANSWER_PYWHEEL_1 { };
' > /w/version-script.map

# commands
( cd /w/source && cmake -S /w/source/sub -B /w/build -G Ninja -DBUILD_SHARED_LIBS=ON -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX=/usr/local -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_BUILD_RPATH_USE_ORIGIN=ON -DCMAKE_SKIP_INSTALL_RPATH=ON -DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF -DCMAKE_FIND_USE_SYSTEM_PACKAGE_REGISTRY=OFF -DFETCHCONTENT_FULLY_DISCONNECTED=ON -DYES=ON -DNO=OFF '-DNAME=a b' -DLEVEL=3 )
( cd /w/source && cmake --build /w/build --parallel 7 --target answer --target question )
( cd /w/source && env DESTDIR=/w/destination cmake --install /w/build )
