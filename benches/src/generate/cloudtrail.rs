//! Events in the shape of AWS CloudTrail: camelCase keys, nested identity, requests and responses
//! that differ from call to call, console logins.

use super::clock::{Form, Time};
use super::line::{Line, Uuid};
use super::random::{Random, Weighted};
use super::world::{World, letters};

/// What the request and response of a call look like.
#[derive(Debug, Clone, Copy)]
enum Shape {
    Bucket,
    Describe,
    Logs,
    Key,
    AssumeRole,
    RunInstances,
    Table,
    Policy,
    Secret,
}

#[derive(Debug, Clone, Copy)]
struct Call {
    service: &'static str,
    name: &'static str,
    weight: u64,
    read_only: bool,
    shape: Shape,
}

const fn call(service: &'static str, name: &'static str, weight: u64, shape: Shape) -> Call {
    Call { service, name, weight, read_only: false, shape }
}

const fn reads(mut call: Call) -> Call {
    call.read_only = true;
    call
}

const CALLS: [Call; 20] = [
    call("sts", "AssumeRole", 210, Shape::AssumeRole),
    reads(call("s3", "GetObject", 170, Shape::Bucket)),
    reads(call("kms", "Decrypt", 140, Shape::Key)),
    reads(call("ec2", "DescribeInstances", 90, Shape::Describe)),
    call("logs", "CreateLogStream", 80, Shape::Logs),
    call("s3", "PutObject", 60, Shape::Bucket),
    reads(call("dynamodb", "DescribeTable", 50, Shape::Table)),
    call("kms", "GenerateDataKey", 40, Shape::Key),
    reads(call("ec2", "DescribeVolumes", 30, Shape::Describe)),
    reads(call("secretsmanager", "GetSecretValue", 28, Shape::Secret)),
    reads(call("ec2", "DescribeSecurityGroups", 24, Shape::Describe)),
    reads(call("s3", "ListObjects", 20, Shape::Bucket)),
    call("ec2", "RunInstances", 9, Shape::RunInstances),
    call("s3", "DeleteObject", 8, Shape::Bucket),
    call("dynamodb", "UpdateTable", 5, Shape::Table),
    call("iam", "AttachRolePolicy", 3, Shape::Policy),
    call("iam", "CreateAccessKey", 2, Shape::Policy),
    call("iam", "PutUserPolicy", 1, Shape::Policy),
    call("kms", "ScheduleKeyDeletion", 1, Shape::Key),
    call("logs", "DeleteLogGroup", 1, Shape::Logs),
];

/// Draws calls by their frequency.
#[derive(Debug)]
pub(super) struct Calls(Weighted);

impl Default for Calls {
    fn default() -> Self {
        Self(Weighted::new(CALLS.iter().map(|call| call.weight)))
    }
}

/// Writes one API call.
pub(super) fn write_call(
    calls: &Calls,
    world: &World,
    time: Time,
    random: &mut Random,
    out: &mut String,
) {
    let call = *calls.0.pick(&CALLS, random);
    let mut line = Line::begin(out);
    line.text("eventVersion", "1.08");
    let account = write_identity(&mut line, world, time, random);
    let region = world.region(random);
    line.text("eventTime", time.written(Form::Seconds));
    line.text("eventSource", format_args!("{}.amazonaws.com", call.service));
    line.text("eventName", call.name);
    line.text("awsRegion", region);
    write_caller(&mut line, world, random);
    if random.chance(30_000) {
        line.text("errorCode", random.pick(&["AccessDenied", "ThrottlingException", "NoSuchKey"]));
        line.text("errorMessage", format_args!("User is not authorized to perform: {}", call.name));
    }
    write_exchange(&mut line, &call, account, region, random);
    line.text("requestID", Uuid(random.next_bits(), random.next_bits()));
    line.text("eventID", Uuid(random.next_bits(), random.next_bits()));
    line.bare("readOnly", call.read_only);
    line.text("eventType", "AwsApiCall");
    line.bare("managementEvent", !matches!(call.shape, Shape::Bucket));
    line.text("recipientAccountId", account);
    line.text(
        "eventCategory",
        if matches!(call.shape, Shape::Bucket) { "Data" } else { "Management" },
    );
    if random.chance(600_000) {
        line.object("tlsDetails", |line| {
            line.text("tlsVersion", "TLSv1.3");
            line.text("cipherSuite", "TLS_AES_128_GCM_SHA256");
            line.text(
                "clientProvidedHostHeader",
                format_args!("{}.{region}.amazonaws.com", call.service),
            );
        });
    }
    line.text("source", "cloudtrail");
    line.finish();
}

/// Writes one login at the console; one in eight fails, most failures come from few addresses.
pub(super) fn write_console_login(
    world: &World,
    time: Time,
    random: &mut Random,
    out: &mut String,
) {
    let user = world.user(random);
    let failed = random.chance(125_000);
    let mut line = Line::begin(out);
    line.text("eventVersion", "1.08");
    line.object("userIdentity", |line| {
        line.text("type", "IAMUser");
        line.text("principalId", &user.principal);
        line.text("arn", format_args!("arn:aws:iam::{}:user/{}", user.account, user.name));
        line.text("accountId", user.account);
        line.text("userName", &user.name);
    });
    line.text("eventTime", time.written(Form::Seconds));
    line.text("eventSource", "signin.amazonaws.com");
    line.text("eventName", "ConsoleLogin");
    line.text("awsRegion", world.region(random));
    let address =
        if failed { world.internet_address(random) } else { world.office_address(random) };
    line.text("sourceIPAddress", address);
    line.text("userAgent", world.agent(random));
    if failed {
        line.text("errorMessage", "Failed authentication");
    }
    line.bare("requestParameters", "null");
    line.object("responseElements", |line| {
        line.text("ConsoleLogin", if failed { "Failure" } else { "Success" });
    });
    line.object("additionalEventData", |line| {
        line.text(
            "LoginTo",
            "https://console.aws.amazon.com/console/home?hashArgs=%23&isauthcode=true&nc2=h_ct",
        );
        line.text("MobileVersion", "No");
        line.text("MFAUsed", if random.chance(800_000) { "Yes" } else { "No" });
    });
    line.text("eventID", Uuid(random.next_bits(), random.next_bits()));
    line.bare("readOnly", false);
    line.text("eventType", "AwsConsoleSignIn");
    line.bare("managementEvent", true);
    line.text("recipientAccountId", user.account);
    line.text("eventCategory", "Management");
    line.text("source", "cloudtrail");
    line.finish();
}

/// Writes `userIdentity` and returns its account.
fn write_identity(line: &mut Line<'_>, world: &World, time: Time, random: &mut Random) -> u64 {
    if random.chance(300_000) {
        let user = world.user(random);
        line.object("userIdentity", |line| {
            line.text("type", "IAMUser");
            line.text("principalId", &user.principal);
            line.text("arn", format_args!("arn:aws:iam::{}:user/{}", user.account, user.name));
            line.text("accountId", user.account);
            line.text("accessKeyId", &user.access_key);
            line.text("userName", &user.name);
        });
        return user.account;
    }
    let role = world.role(random);
    let session = Uuid(random.next_bits(), random.next_bits()).to_string();
    let (account, name) = (role.account, &role.name);
    line.object("userIdentity", |line| {
        line.text("type", "AssumedRole");
        line.text("principalId", format_args!("{}:{session}", role.principal));
        line.text("arn", format_args!("arn:aws:sts::{account}:assumed-role/{name}/{session}"));
        line.text("accountId", account);
        line.text("accessKeyId", format_args!("ASIA{}", letters(16, random)));
        line.object("sessionContext", |line| {
            line.object("sessionIssuer", |line| {
                line.text("type", "Role");
                line.text("principalId", &role.principal);
                line.text("arn", format_args!("arn:aws:iam::{account}:role/{name}"));
                line.text("accountId", account);
                line.text("userName", name);
            });
            line.object("webIdFederationData", |_| {});
            line.object("attributes", |line| {
                let created = time.minus_millis(random.below(3_600_000));
                line.text("creationDate", created.written(Form::Seconds));
                line.text("mfaAuthenticated", random.chance(100_000));
            });
        });
    });
    account
}

/// Where the call came from: a service of AWS, the office or anywhere.
fn write_caller(line: &mut Line<'_>, world: &World, random: &mut Random) {
    if random.chance(120_000) {
        let service =
            random.pick(&["lambda.amazonaws.com", "ecs.amazonaws.com", "config.amazonaws.com"]);
        line.text("sourceIPAddress", service);
        line.text("userAgent", service);
        return;
    }
    let address = match random.below(10) {
        0..6 => world.office_address(random),
        _ => world.internet_address(random),
    };
    line.text("sourceIPAddress", address);
    line.text("userAgent", world.agent(random));
}

/// Writes `requestParameters` and `responseElements`, and `resources` where CloudTrail has them.
fn write_exchange(
    line: &mut Line<'_>,
    call: &Call,
    account: u64,
    region: &str,
    random: &mut Random,
) {
    let number = random.below(400);
    match call.shape {
        Shape::Bucket => write_object_access(line, account, region, random),
        Shape::Describe => {
            line.object("requestParameters", |line| {
                line.object("filterSet", |line| {
                    line.objects("items", 0..=random.below(2), |line, filter| {
                        line.text(
                            "name",
                            if filter == 0 { "vpc-id" } else { "instance-state-name" },
                        );
                        line.objects("valueSet", [number], |line, number| {
                            line.text("value", format_args!("vpc-{number:017x}"));
                        });
                    });
                });
                line.bare("maxResults", 1_000);
            });
            line.bare("responseElements", "null");
        }
        Shape::Logs => {
            line.object("requestParameters", |line| {
                line.text("logGroupName", format_args!("/aws/lambda/service-{number}"));
                let stream = Uuid(random.next_bits(), random.next_bits());
                line.text("logStreamName", format_args!("2026/03/01/[$LATEST]{stream}"));
            });
            line.bare("responseElements", "null");
        }
        Shape::Key => write_key_use(line, account, region, random),
        Shape::AssumeRole => write_assume_role(line, account, random),
        Shape::RunInstances => write_run_instances(line, number, random),
        Shape::Table => {
            line.object("requestParameters", |line| {
                line.text("tableName", format_args!("orders-{number}"));
                line.bare("readCapacityUnits", random.between(1, 500));
                line.bare("utilisation", format_args!("{}.0", random.below(100)));
            });
            line.bare("responseElements", "null");
        }
        Shape::Policy => {
            line.object("requestParameters", |line| {
                line.text("roleName", format_args!("service-{number}"));
                line.text("policyArn", "arn:aws:iam::aws:policy/AdministratorAccess");
                line.text(
                    "policyDocument",
                    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\"}]}",
                );
            });
            line.bare("responseElements", "null");
        }
        Shape::Secret => {
            line.object("requestParameters", |line| {
                line.text(
                    "secretId",
                    format_args!("arn:aws:secretsmanager:{region}:{account}:secret:db-{number}"),
                );
                line.text("versionStage", "AWSCURRENT");
            });
            line.bare("responseElements", "null");
        }
    }
}

fn write_object_access(line: &mut Line<'_>, account: u64, region: &str, random: &mut Random) {
    let bucket = format!("example-{}-{region}", random.below(60));
    let key =
        format!("tenant={}/2026/03/01/{:016x}.parquet", random.below(200), random.next_bits());
    line.object("requestParameters", |line| {
        line.text("bucketName", &bucket);
        line.text("Host", format_args!("{bucket}.s3.{region}.amazonaws.com"));
        line.text("key", &key);
    });
    line.bare("responseElements", "null");
    line.object("additionalEventData", |line| {
        line.text("SignatureVersion", "SigV4");
        line.text("CipherSuite", "TLS_AES_128_GCM_SHA256");
        line.bare("bytesTransferredIn", 0);
        line.bare("bytesTransferredOut", random.below(5_000_000));
        line.text("x-amz-id-2", format_args!("{}/{}", letters(44, random), letters(30, random)));
    });
    line.objects("resources", [true, false], |line, is_object| {
        if is_object {
            line.text("type", "AWS::S3::Object");
            line.text("ARN", format_args!("arn:aws:s3:::{bucket}/{key}"));
        } else {
            line.text("accountId", account);
            line.text("type", "AWS::S3::Bucket");
            line.text("ARN", format_args!("arn:aws:s3:::{bucket}"));
        }
    });
}

fn write_key_use(line: &mut Line<'_>, account: u64, region: &str, random: &mut Random) {
    let key = Uuid(random.below(80), 7);
    line.object("requestParameters", |line| {
        line.object("encryptionContext", |line| {
            line.text(
                "aws:s3:arn",
                format_args!("arn:aws:s3:::example-{}-{region}", random.below(60)),
            );
        });
        line.text("encryptionAlgorithm", "SYMMETRIC_DEFAULT");
    });
    line.bare("responseElements", "null");
    line.objects("resources", [key], |line, key| {
        line.text("accountId", account);
        line.text("type", "AWS::KMS::Key");
        line.text("ARN", format_args!("arn:aws:kms:{region}:{account}:key/{key}"));
    });
}

fn write_assume_role(line: &mut Line<'_>, account: u64, random: &mut Random) {
    let role = format!("arn:aws:iam::{account}:role/service-{}", random.below(400));
    let session = Uuid(random.next_bits(), random.next_bits()).to_string();
    line.object("requestParameters", |line| {
        line.text("roleArn", &role);
        line.text("roleSessionName", &session);
        line.bare("durationSeconds", 3_600);
    });
    line.object("responseElements", |line| {
        line.object("credentials", |line| {
            line.text("accessKeyId", format_args!("ASIA{}", letters(16, random)));
            line.text("sessionToken", format_args!("IQoJ{}", letters(60, random)));
            line.text("expiration", "Mar 2, 2026, 1:00:00 AM");
        });
        line.object("assumedRoleUser", |line| {
            line.text("assumedRoleId", format_args!("AROA{}:{session}", letters(16, random)));
            line.text("arn", format_args!("{role}/{session}"));
        });
    });
}

fn write_run_instances(line: &mut Line<'_>, number: u64, random: &mut Random) {
    line.object("requestParameters", |line| {
        line.object("instancesSet", |line| {
            line.objects("items", [number], |line, number| {
                line.text("imageId", format_args!("ami-{number:017x}"));
                line.bare("minCount", 1);
                line.bare("maxCount", random.between(1, 4));
            });
        });
        line.text("instanceType", random.pick(&["m6i.large", "c7g.xlarge", "p4d.24xlarge"]));
        line.object("blockDeviceMapping", |_| {});
    });
    line.object("responseElements", |line| {
        line.text("reservationId", format_args!("r-{:017x}", random.next_bits() >> 4));
        line.object("instancesSet", |line| {
            line.objects("items", 0..=random.below(3), |line, _| {
                line.text("instanceId", format_args!("i-{:017x}", random.next_bits() >> 4));
                line.object("instanceState", |line| {
                    line.bare("code", 0);
                    line.text("name", "pending");
                });
                line.text("privateIpAddress", format_args!("10.1.2.{}", random.below(255)));
            });
        });
    });
}
