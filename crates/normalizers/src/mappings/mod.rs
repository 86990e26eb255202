//! The shelf of mappings to OCSF: one file (or folder) per source, asked in this order. A mapping
//! that is more particular stands before one that would take its records too.
//!
//! Samples: `samples_ocsf/<name>/in` has one record per line, `…/expected` the OCSF objects
//! that they become.

mod aws_alb;
mod aws_bedrock;
mod aws_cloudfront;
mod aws_cloudtrail;
mod aws_cloudtrail_insight;
mod aws_guardduty;
mod aws_route53;
mod aws_s3_access;
mod aws_security_hub;
mod aws_vpc_flow;
mod aws_waf;
mod azure_entra;
mod azure_monitor;
mod cisco_umbrella;
mod cloudflare;
mod cloudflare_gateway;
mod gcp_audit;
mod gcp_load_balancer;
mod gcp_vpc_flow;
mod kubernetes_audit;
mod netskope;
mod ocsf;
mod traffic;
mod well_known;
mod windows;
mod zscaler_zia;

use headwater_pipeline::mapping::Mapping;

/// Every built-in mapping.
#[must_use]
pub fn all() -> Vec<Box<dyn Mapping>> {
    vec![
        // Network and cloud.
        Box::new(aws_cloudtrail::AwsCloudtrail),
        // Windows event logs.
        Box::new(windows::Windows),
        // Clouds and what stands in front of them.
        Box::new(aws_alb::AwsAlb),
        Box::new(aws_bedrock::AwsBedrock),
        Box::new(aws_cloudtrail_insight::AwsCloudtrailInsight),
        Box::new(aws_cloudfront::AwsCloudfront),
        Box::new(aws_guardduty::AwsGuardduty),
        Box::new(aws_route53::AwsRoute53),
        Box::new(aws_s3_access::AwsS3Access),
        Box::new(aws_security_hub::AwsSecurityHub),
        Box::new(aws_vpc_flow::AwsVpcFlow),
        Box::new(aws_waf::AwsWaf),
        Box::new(azure_entra::AzureEntra),
        Box::new(azure_monitor::AzureMonitor),
        Box::new(cisco_umbrella::CiscoUmbrella),
        Box::new(cloudflare::Cloudflare),
        Box::new(cloudflare_gateway::CloudflareGateway),
        Box::new(gcp_audit::GcpAudit),
        Box::new(gcp_load_balancer::GcpLoadBalancer),
        Box::new(gcp_vpc_flow::GcpVpcFlow),
        Box::new(kubernetes_audit::KubernetesAudit),
        Box::new(netskope::Netskope),
        Box::new(zscaler_zia::ZscalerZia),
        // Already OCSF: no other format has these keys.
        Box::new(ocsf::Ocsf),
    ]
}

#[cfg(test)]
mod tests;
